# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record what a run does and when, one JSON object per line, and stop the run before a given task.

Environment: MOMENTS_RECORD is the file, MOMENTS_STOP the task as "NUMBER NAME", counted among tasks of that name.
"""

import json
import os
import time
from collections import Counter

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: moments
type: notification
short_description: What a run does and when
description: For tests that kill runs.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "moments"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.begun, self.task = Counter(), ""

    def write(self, **event):
        with open(os.environ["MOMENTS_RECORD"], "a", encoding="utf-8") as record:
            record.write(json.dumps({"task": self.task, "time": time.monotonic(), **event}) + "\n")

    def v2_playbook_on_task_start(self, task, is_conditional):
        name = task.get_name()
        self.begun[name] += 1
        self.task = f"{self.begun[name]} {name}"
        self.write(event="starts")
        while self.task == os.environ.get("MOMENTS_STOP"):
            time.sleep(60)

    def v2_runner_on_ok(self, result):
        self.write(event="ends", action=result.task.action, changed=bool(result.result.get("changed")))
