# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong variable stops the site's playbook before anything on the host is changed, and the failure names it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest
import yaml

from tests.support import hosts, playbook

CASES = yaml.safe_load(Path(__file__).with_name("bad_input.yml").read_text())
NETWORK = "livekit-bad-input"
HOST = {"name": f"{NETWORK}-host", "image": "host-debian12", "address": "198.51.100.170"}
SOUND = {
    "ansible_connection": "community.docker.docker",
    "ansible_python_interpreter": "/usr/bin/python3",
    "livekit_agent_image": "demo",
    "livekit_routing_inbound_trunks": [{"name": "line", "numbers": ["+12025550100"]}],
    "livekit_routing_dispatch_rules": [{"name": "line", "trunks": ["line"], "individual": {"room_prefix": "call-"}}],
}


def play(folder, name, variables, *arguments):
    """Exit code and output of site.yml for the one host."""
    inventory = folder / f"{name}.json"
    group = {"hosts": {HOST["name"]: None}}
    groups = dict.fromkeys(("livekit_redis", "livekit_server", "livekit_sip", "livekit_agent"), group)
    inventory.write_text(json.dumps({"all": {"vars": {**SOUND, **variables}, "children": groups}}))
    return playbook.run("-i", inventory, "site.yml", *arguments)


def changed_files():
    """What differs on the host's disk from its image, apart from what a running system writes by itself."""
    changes = docker.from_env().containers.get(HOST["name"]).diff() or []
    return {change["Path"] for change in changes if not change["Path"].startswith(("/run", "/var/log", "/tmp"))}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Case -> exit code and output; and what all the runs together changed on the host."""
    folder = tmp_path_factory.mktemp("bad-input")
    try:
        hosts.up(NETWORK, "198.51.100.168/29", [HOST])
        before = changed_files()
        with ThreadPoolExecutor(2) as runs:
            ended = runs.map(lambda number: play(folder, number, CASES[number]["variables"]), range(len(CASES)))
            outcomes = {case["case"]: end for case, end in zip(CASES, ended, strict=True)}
        outcomes["changed"] = changed_files() - before
        outcomes["sound"] = play(folder, "sound", {}, "--check")
        yield outcomes
    finally:
        hosts.down(NETWORK, "198.51.100.168/29", [HOST])


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_it_stops_and_names_the_variable(outcomes, case):
    code, output = outcomes[case["case"]]
    assert code == 2, output
    assert output.count("PLAY [") == 1, output
    # Across the lines that Ansible breaks a long message into.
    told = " ".join(output.partition("[ERROR]: ")[2].split())
    assert not [name for name in case["names"] if name not in told], output


def test_nothing_on_the_host_was_changed(outcomes):
    assert outcomes["changed"] == set()


def test_the_same_host_with_sound_variables_passes(outcomes):
    code, output = outcomes["sound"]
    assert code == 0, output
