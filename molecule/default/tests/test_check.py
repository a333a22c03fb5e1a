# SPDX-License-Identifier: GPL-3.0-or-later
"""A check after the deployment finds nothing to change: molecule's own `check` does not look."""

import json
import os
import subprocess
from pathlib import Path

SCENARIO = Path(__file__).resolve().parents[1]


def test_a_second_check_finds_nothing_to_change():
    run = subprocess.run(
        ["ansible-playbook", "--check", f"--inventory={SCENARIO / 'inventory'}", SCENARIO / "converge.yml"],
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    report = json.loads(run.stdout)
    changed = [
        (host, task["task"]["name"])
        for play in report["plays"]
        for task in play["tasks"]
        for host, result in task["hosts"].items()
        if result.get("changed")
    ]
    assert changed == []
    assert all(stats["ok"] > 20 and not stats["changed"] for stats in report["stats"].values()), report["stats"]
    assert len(report["stats"]) == 2
