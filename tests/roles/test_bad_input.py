# SPDX-License-Identifier: GPL-3.0-or-later
"""An invalid variable ends the run before anything on the host changes, and the failure names it.

bad_input.yml lists the mistakes. Each case is a host in one run, in which the role that owns the variable checks it, as
site.yml does before its first change. Cases with `site` run all of site.yml against a host.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import docker
import pytest
import yaml

from tests.roles import rendered
from tests.support import hosts, playbook

BAD_INPUT = yaml.safe_load(Path(__file__).with_name("bad_input.yml").read_text())
NETWORK = "livekit-bad-input"
HOST = {"name": f"{NETWORK}-host", "image": "host-debian12", "address": "198.51.100.170"}

PLAYS = re.compile(r"^PLAY \[(.*)\]", re.MULTILINE)
CASES = {case["case"]: case for case in BAD_INPUT if not case.get("site")}
ON_THE_SITE = {case["case"]: case for case in BAD_INPUT if case.get("site")}
SOUND = {
    # Roles that run after the check set these two.
    "livekit_server_pairs": None,
    "livekit_redis_connection": None,
    "livekit_agent_image": "demo",
    "livekit_routing_inbound_trunks": [{"name": "line", "numbers": ["+12025550100"]}],
    "livekit_routing_dispatch_rules": [{"name": "line", "trunks": ["line"], "individual": {"room_prefix": "call-"}}],
}
ROLES = ["livekit_redis", "livekit_server", "livekit_sip", "livekit_agent", "livekit_routing"]


def play(folder, name, variables, *arguments):
    """Run site.yml for the host, and return the exit code and the output."""
    inventory = folder / f"{name}.json"
    group = {"hosts": {HOST["name"]: None}}
    groups = dict.fromkeys(("livekit_redis", "livekit_server", "livekit_sip", "livekit_agent"), group)
    given = {"ansible_connection": "community.docker.docker", "ansible_python_interpreter": "/usr/bin/python3"}
    given |= {key: value for key, value in {**SOUND, **variables}.items() if value is not None}
    inventory.write_text(json.dumps({"all": {"vars": given, "children": groups}}))
    return playbook.run("-i", inventory, "site.yml", *arguments)


def changed_files():
    """Return the files on the host that differ from its image, except those that a running system writes."""
    changes = docker.from_env().containers.get(HOST["name"]).diff() or []
    return {change["Path"] for change in changes if not change["Path"].startswith(("/run", "/var/log", "/tmp"))}


@pytest.fixture(scope="module")
def on_the_site(tmp_path_factory):
    """The exit code and output of each case, and the files that all runs together changed on the host."""
    folder = tmp_path_factory.mktemp("bad-input-site")
    try:
        hosts.up(NETWORK, "198.51.100.168/29", [HOST])
        before = changed_files()
        outcomes = {
            name: play(folder, number, case["variables"]) for number, (name, case) in enumerate(ON_THE_SITE.items())
        }
        outcomes["changed"] = changed_files() - before
        outcomes["sound"] = play(folder, "sound", {}, "--check")
        yield outcomes
    finally:
        hosts.down(NETWORK, "198.51.100.168/29", [HOST])


def named(told, case):
    """Return the expected names that the failure contains, whatever line breaks Ansible inserts."""
    return [name for name in case["names"] if name in " ".join(told.split())]


def host_name(case):
    return "".join(letter if letter.isalnum() else "-" for letter in case)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    cases = {
        host_name(name): {**SOUND, **case["variables"], "only": "_".join(next(iter(case["variables"])).split("_")[:2])}
        for name, case in CASES.items()
    }
    sound = {f"sound-{role}": {**SOUND, "only": role} for role in ROLES}
    return rendered.render(cases | sound, tmp_path_factory.mktemp("bad-input"))


@pytest.mark.parametrize("name", CASES)
def test_the_roles_check_names_the_variable(outcomes, name):
    outcome = outcomes[host_name(name)]
    assert outcome.failure and not outcome.files, "it passed"
    assert named(outcome.failure, CASES[name]) == CASES[name]["names"], outcome.failure


@pytest.mark.parametrize("role", ROLES)
def test_the_check_passes_what_is_sound(outcomes, role):
    assert outcomes[f"sound-{role}"].files, outcomes[f"sound-{role}"].failure


@pytest.mark.parametrize("name", ON_THE_SITE)
def test_the_site_stops_and_names_the_variable(on_the_site, name):
    code, output = on_the_site[name]
    assert code == 2, output
    assert PLAYS.findall(output)[-1] == "Check everything before anything is changed", output
    assert named(output.partition("[ERROR]: ")[2], ON_THE_SITE[name]) == ON_THE_SITE[name]["names"], output


def test_nothing_on_the_host_was_changed(on_the_site):
    assert on_the_site["changed"] == set()


def test_the_same_host_with_sound_variables_passes(on_the_site):
    code, output = on_the_site["sound"]
    assert code == 0, output
