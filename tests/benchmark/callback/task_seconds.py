# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_seconds
type: aggregate
short_description: Writes how long each task took, as JSON, to the file named by TASK_SECONDS
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_seconds"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.seconds = {}
        self.running, self.began = "", 0.0

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._end()
        self.running, self.began = task.get_name(), time.monotonic()

    def _end(self):
        if self.running:
            self.seconds[self.running] = time.monotonic() - self.began

    def v2_playbook_on_stats(self, stats):
        self._end()
        with open(os.environ["TASK_SECONDS"], "w", encoding="utf-8") as file:
            json.dump(self.seconds, file)
