# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's default output with less noise. It passes changed tasks and the facts for the summary to `make deploy`."""

import json
import os

from ansible.plugins.callback.default import CallbackModule as Default

DOCUMENTATION = """
name: deploy
type: stdout
short_description: Default output without lines for included files and without a recap
description: Like ansible.builtin.default, without a line for each included file and without a recap.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
"""


class CallbackModule(Default):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "deploy"

    def __init__(self):
        super().__init__()
        self.changed, self.summary = [], {}

    def v2_runner_on_ok(self, result):
        super().v2_runner_on_ok(result)
        if result.result.get("changed"):
            self.changed.append(result.task.get_name())
        self.summary = result.result.get("ansible_facts", {}).get("livekit_summary", self.summary)

    def v2_playbook_on_include(self, included_file):
        pass

    def v2_playbook_on_stats(self, stats):
        with open(os.environ["TELEPHONY_LIVEKIT_RECORD"], "w", encoding="utf-8") as record:
            json.dump({"changed": self.changed, "summary": self.summary}, record)
