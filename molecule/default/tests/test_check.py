# SPDX-License-Identifier: GPL-3.0-or-later
"""A check run after the deployment is quick and finds nothing to change. Molecule's own `check` does not test this."""

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

SCENARIO = Path(__file__).resolve().parents[1]

# Each task costs a round trip to the host. Seconds depend on the machine; the number of round trips does not. If a
# change exceeds this limit, find one probe that tells whether there is anything to do, as internal_host_info does.
ROUND_TRIPS = 26
# Each task that stays on the controller costs a process there, even if it is skipped. Put tasks that run only for a
# change into a separate file, so that only one include is skipped.
LOCAL_TASKS = 170
# Actions that run on the controller.
LOCAL = {
    *("assert", "debug", "fail", "include_role", "include_tasks", "include_vars", "set_fact", "validate_argument_spec"),
    "meta",
}


def results(report, what):
    return [
        (host, task["task"]["name"], result.get("msg"))
        for play in report["plays"]
        for task in play["tasks"]
        for host, result in task["hosts"].items()
        if result.get(what)
    ]


def round_trips(report):
    """Return the tasks that ran on each host; a loop counts once for each item."""
    trips = {}
    for play in report["plays"]:
        for task in play["tasks"]:
            for host, result in task["hosts"].items():
                if result["action"].rpartition(".")[2] in LOCAL or result.get("skipped"):
                    continue
                times = len([item for item in result.get("results", [{}]) if not item.get("skipped")])
                trips.setdefault(host, []).extend([task["task"]["name"]] * times)
    return trips


def local_tasks(report):
    """For each host, the number of tasks that were skipped or stayed on the controller."""
    return Counter(
        host
        for play in report["plays"]
        for task in play["tasks"]
        for host, result in task["hosts"].items()
        if result["action"].rpartition(".")[2] in LOCAL or result.get("skipped")
    )


def check(*arguments):
    """Check the whole deployment, or the part that `arguments` select, and return the report."""
    run = subprocess.run(
        ["ansible-playbook", "--check", f"--inventory={SCENARIO / 'inventory'}", SCENARIO / "converge.yml", *arguments],
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    report = json.loads(run.stdout)
    assert results(report, "failed") == []
    assert run.returncode == 0, run.stderr[-1000:]
    assert results(report, "changed") == []
    return report


def test_a_second_check_finds_nothing_to_change():
    report = check()
    trips_of = round_trips(report)
    assert len(trips_of) == 2
    for host, trips in trips_of.items():
        assert 10 < len(trips) <= ROUND_TRIPS, f"{len(trips)} round trips to {host}:\n" + "\n".join(trips)
    local = local_tasks(report)
    assert all(10 < local[host] <= LOCAL_TASKS for host in trips_of), local
    assert all(report["stats"][host]["ok"] > 20 for host in trips_of)
    assert all(stats["changed"] == 0 for stats in report["stats"].values())


@pytest.mark.parametrize(
    ("part", "container"),
    [
        (["--limit", "livekit-default-debian13"], "livekit-redis"),
        (["--tags", "server"], "livekit-server"),
        (["--tags", "sip", "--limit", "livekit-default-debian13"], "livekit-sip"),
        (["--tags", "agent,routing", "--limit", "livekit-default-debian13"], "livekit-agent"),
    ],
)
def test_a_part_knows_what_the_whole_knows(part, container):
    """Different keys or a different password would change the container's configuration."""
    names = {task["task"]["name"] for play in check(*part)["plays"] for task in play["tasks"] if task["hosts"]}
    assert any(name.endswith(f"Run {container}") for name in names), names
