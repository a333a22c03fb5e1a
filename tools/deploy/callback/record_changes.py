# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leave the names of the changed tasks in a file for `make deploy`, beside the usual output on the terminal."""

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record_changes
type: aggregate
short_description: Leaves the names of the changed tasks in a file
description: For C(make deploy), which says at the end what it changed.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record_changes"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.changed = []

    def v2_runner_on_ok(self, result):
        if result.result.get("changed"):
            self.changed.append(result.task.get_name())

    def v2_playbook_on_stats(self, stats):
        with open(os.environ["TELEPHONY_LIVEKIT_RECORD"], "w", encoding="utf-8") as record:
            json.dump({"changed": self.changed}, record)
