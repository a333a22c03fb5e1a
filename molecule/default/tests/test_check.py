# SPDX-License-Identifier: GPL-3.0-or-later
"""A check after the deployment finds nothing to change: molecule's own `check` does not look."""

import json
import os
import subprocess
from pathlib import Path

SCENARIO = Path(__file__).resolve().parents[1]


def results(report, what):
    return [
        (host, task["task"]["name"], result.get("msg"))
        for play in report["plays"]
        for task in play["tasks"]
        for host, result in task["hosts"].items()
        if result.get(what)
    ]


def test_a_second_check_finds_nothing_to_change():
    run = subprocess.run(
        ["ansible-playbook", "--check", f"--inventory={SCENARIO / 'inventory'}", SCENARIO / "converge.yml"],
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    report = json.loads(run.stdout)
    assert results(report, "failed") == []
    assert run.returncode == 0, run.stderr[-1000:]
    assert results(report, "changed") == []
    assert len(report["stats"]) == 2
    assert all(stats["ok"] > 20 and stats["changed"] == 0 for stats in report["stats"].values())
