# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the configurations that the roles write, without a host. In one run, each case is a host in the inventory.

render({"case": {"livekit_sip_rtp_port": "30000-30100"}}, folder) -> {"case": Case}
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.support import playbook

ROLES = playbook.REPOSITORY / "roles"
GROUPS = ("livekit_redis", "livekit_server", "livekit_sip")
PAIRS = {
    purpose: {"api_key": f"API{purpose}", "api_secret": f"{purpose}-0123456789abcdef0123456789abcdef"}
    for purpose in ("sip", "automation", "agents")
}
OWN_REDIS = {"address": "127.0.0.1:6379", "password": "of-the-own-redis"}
# What gathered facts, the other roles and the probe of the host would have set.
GIVEN = {
    "ansible_connection": "local",
    "ansible_python_interpreter": sys.executable,
    "livekit_redis_password": 'a "quoted" \\ pässword',
    "livekit_server_pairs": PAIRS,
    "livekit_redis_connection": OWN_REDIS,
    "internal_host_looked": {"owners": [], "containers": [], "synchronised": True},
}


# A host with two addresses on the interface of its default route, and a third on another interface.
OUTSIDE = {"netmask": "255.255.255.0", "network": "198.51.100.0"}
INSIDE = {"address": "203.0.113.7", "netmask": "255.255.255.0", "network": "203.0.113.0"}
FACTS = {
    "default_ipv4": {"address": "198.51.100.7", "interface": "eth0"},
    "all_ipv4_addresses": ["198.51.100.7", "198.51.100.70", "203.0.113.7"],
    "eth0": {
        "ipv4": {**OUTSIDE, "address": "198.51.100.7"},
        "ipv4_secondaries": [{**OUTSIDE, "address": "198.51.100.70"}],
    },
    "eth1": {"ipv4": INSIDE},
}


@dataclass
class Case:
    """The outcome for one host: the text of each file, or the failure."""

    files: dict[str, str]
    failure: str
    warnings: str

    def config(self, program: str) -> dict:
        assert not self.failure, self.failure
        return yaml.safe_load(self.files[f"{program}.yaml"])


TEMPLATES = {
    "livekit_redis": ("redis", "redis.conf.j2"),
    "livekit_server": ("server", "config.yaml.j2"),
    "livekit_sip": ("sip", "config.yaml.j2"),
}


def play(folder: Path) -> list[dict]:
    tasks = [{"name": "Facts", "ansible.builtin.set_fact": {**FACTS, "cacheable": True}}]
    files = {}
    for role, (program, template) in TEMPLATES.items():
        check = {"name": f"telephony.livekit.{role}", "tasks_from": "check", "public": True}
        when = f"only is undefined or only == '{role}'"
        tasks.append({"name": f"Check {role}", "ansible.builtin.include_role": check, "when": when})
        files[f"{program}.yaml"] = (
            f"{{{{ lookup('ansible.builtin.template', '{ROLES}/{role}/templates/{template}') }}}}"
        )
        files[f"{program}.json"] = f"{{{{ {role}_texts | default({{}}) | to_json }}}}"
    for role in ("livekit_agent", "livekit_firewall", "livekit_routing"):
        check = {"name": f"telephony.livekit.{role}", "tasks_from": "check"}
        when = f"only is defined and only == '{role}'"
        tasks.append({"name": f"Check {role}", "ansible.builtin.include_role": check, "when": when})
    # One file for all texts, since each call of a module takes longer than rendering all templates.
    written = {
        "mode": "0600",
        "content": "{{ (files if only is undefined else {'checked': only}) | to_json }}",
        "dest": f"{folder}/{{{{ inventory_hostname }}}}.json",
    }
    tasks.append({"name": "Write", "ansible.builtin.copy": written, "vars": {"files": files}})
    return [{"name": "Render", "hosts": "all", "gather_facts": False, "tasks": tasks}]


def render(cases: dict[str, dict], folder: Path, **groups) -> dict[str, Case]:
    """Render all cases. `groups` sets the members of a group that does not contain every case.

    A variable that is None is unset. A case with the variable `only` is checked only by that role, and not rendered.
    """
    hosts = {
        name: {key: value for key, value in {**GIVEN, **variables}.items() if value is not None}
        for name, variables in cases.items()
    }
    members = {group: {"hosts": dict.fromkeys(groups.get(group, cases))} for group in GROUPS}
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts, "children": members}}))
    (folder / "play.yml").write_text(json.dumps(play(folder)))
    _code, output = playbook.run(
        *("-i", folder / "inventory.json", "--forks", "4", folder / "play.yml"), ANSIBLE_CALLBACK_RESULT_FORMAT="json"
    )
    return {
        name: Case(
            files=json.loads(written.read_text()) if (written := folder / f"{name}.json").exists() else {},
            failure="\n".join(lines_about(output, f"[{name}]", ("fatal:", "failed:", "[ERROR]"))),
            warnings="\n".join(lines_about(output, f"[{name}]", ("ok:",))),
        )
        for name in cases
    } | {"output": output}


def lines_about(output: str, host: str, beginnings: tuple[str, ...]) -> list[str]:
    """Return the lines of each result of a host, up to the next result or task."""
    found, taking = [], False
    for line in output.splitlines():
        if line.startswith(
            ("ok:", "changed:", "skipping:", "fatal:", "failed:", "TASK", "PLAY", "included:", "[ERROR]")
        ):
            taking = line.startswith(beginnings) and host in line
        if taking:
            found.append(line)
    return found
