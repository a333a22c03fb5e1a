# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill the processes that a test started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess


def kill_all(pid: int) -> None:
    """Kill a process and its children, which ansible-playbook puts into separate process groups."""
    tree = [pid]
    for parent in tree:
        children = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False)
        tree += map(int, children.stdout.split())
    for one in tree:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
