# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of ports: each port has a firewall rule, overlaps are reported, and messages name the owner of a port."""

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.telephony.livekit.plugins.plugin_utils import _ports

from tests.support.places import only

ROLES = Path(__file__).resolve().parents[3] / "roles"
DEFAULTS = {
    name: value
    for path in ROLES.glob("livekit_*/defaults/**/*.yml")
    for name, value in yaml.safe_load(path.read_text()).items()
}
TURN = {"enabled": True, "udp_port": 3478, "tls_port": 5349, "relay_range_start": 30000, "relay_range_end": 31000}


def get(**given):
    return lambda name: given[name] if name in given else DEFAULTS[name]


def of(opening, roles=_ports.ROLES, **given):
    return _ports.of_opening(opening, get(**given), roles)


def in_use(**given):
    return _ports.in_use(get(**given), _ports.ROLES)


def test_defaults():
    assert of("sip") == [5060, 5061]
    assert of("rtp") == ["10000-20000"]
    assert of("api") == [7880, 7881]
    assert of("webrtc") == [7882]
    assert of("redis") == [6379]
    assert {8085, 8081} <= {*of("monitoring")}
    assert of("turn_udp") == of("turn_tls") == []


def test_a_port_whose_variables_cannot_be_resolved_is_left_out_of_a_probe():
    def unresolved(name):
        if name == "livekit_sip_listen_ip":
            raise LookupError(name)
        return DEFAULTS[name]

    found = _ports.in_use(unresolved, _ports.ROLES, unresolved=LookupError)
    assert "livekit_sip_rtp_port" in {port["variable"] for port in found}
    assert not {"livekit_sip_sip_port", "livekit_sip_tls.port"} & {port["variable"] for port in found}
    with pytest.raises(LookupError):
        _ports.in_use(unresolved, _ports.ROLES)


@pytest.mark.parametrize("role", _ports.ROLES)
def test_every_role_in_the_table_checks_and_reserves_its_ports(role):
    tasks = {name: yaml.safe_load((ROLES / role / "tasks" / f"{name}.yml").read_text()) for name in ("check", "main")}
    for name, entry_point in (("check", "check"), ("main", None)):
        asked = [
            task["vars"]["internal_host_role"]
            for task in tasks[name]
            if task.get("ansible.builtin.import_role", {}).get("name") == "telephony.livekit.internal_host"
            and task["ansible.builtin.import_role"].get("tasks_from") == entry_point
        ]
        assert asked == [role], name


def test_turn_has_rules_of_its_own():
    assert of("turn_udp", livekit_server_turn=TURN) == [3478, "30000-31000"]
    assert of("turn_tls", livekit_server_turn=TURN) == [5349]
    assert of("turn_udp", livekit_server_turn={"enabled": True, "udp_port": 3478}) == [3478, "30000-40000"]
    assert of("turn_udp", livekit_server_turn={**TURN, "enabled": False}) == []


def test_only_what_runs_on_the_host():
    assert _ports.roles_of(["all", "livekit_redis"]) == ["livekit_redis"]
    assert _ports.roles_of(["all", "livekit_redis"], "livekit_agent") == ["livekit_redis", "livekit_agent"]
    assert _ports.roles_of(["all", "pbx"]) == list(_ports.ROLES)
    assert of("sip", roles=["livekit_redis"]) == []


TABLE = "plugins/plugin_utils/_ports.py, TABLE"


def test_every_port_that_listens_is_in_a_rule():
    """A port without a rule would be open to everyone."""
    without = [entry.variable for entry in _ports.TABLE if not entry.opening]
    only(without, ["livekit_sip_tcp_dial_port"], f"{TABLE}, without an opening")


FIREWALL = ROLES / "livekit_firewall"
OPENINGS = yaml.safe_load((FIREWALL / "vars" / "main" / "main.yml").read_text())["livekit_firewall_all_openings"]
# Openings that the summary describes in its own words, and TURN, which it omits.
WITHOUT_TITLE = {"sip", "rtp", "api", "webrtc", "turn", "turn_tls"}


def test_every_opening_of_the_table_has_a_variable():
    asked = {
        match[1]
        for value in DEFAULTS.values()
        if (match := re.search(r"'telephony.livekit.ports', '(\w+)'", str(value)))
    }
    needed = {entry.opening for entry in _ports.TABLE if entry.opening}
    only(asked, needed, "roles/livekit_firewall/defaults/main/main.yml, variables whose default are the ports of")


@pytest.mark.parametrize("what", ["networks", "ports"])
def test_every_variable_of_the_firewall_is_in_an_opening(what):
    used = {name for opening in OPENINGS for name in re.findall(r"livekit_firewall_\w+_" + what, opening[what])}
    there = {name for name in DEFAULTS if re.fullmatch(r"livekit_firewall_\w+_" + what, name)}
    only(used, there, f"roles/livekit_firewall/vars/main/main.yml, livekit_firewall_all_openings, {what}")


def test_every_opening_is_in_the_summary():
    untitled = {opening["name"] for opening in OPENINGS if "title" not in opening}
    only(untitled, WITHOUT_TITLE, "roles/livekit_firewall/vars/main/main.yml, openings without a title")


def test_the_table_knows_every_variable_with_a_port():
    asked = set()

    def watching(name):
        asked.add(name)
        return DEFAULTS[name]

    _ports.in_use(watching, _ports.ROLES)
    named = {name for name, value in DEFAULTS.items() if name.endswith("_port") and value is not False}
    only(asked & named, named, TABLE)


@pytest.mark.parametrize("value", [0, "0", "", None])
def test_off(value):
    assert [port for port in in_use(livekit_sip_prometheus_port=value) if "prometheus" in port["variable"]] == []


def test_another_port_to_listen_on():
    assert of("sip", livekit_sip_sip_port_listen=5070) == [5070, 5061]
    assert of("sip", livekit_sip_tls={"port": 5062, "port_listen": 5072}) == [5060, 5072]


@pytest.mark.parametrize("value", ["sip", 70000, "5060-", -1])
def test_malformed(value):
    assert _ports.malformed(in_use(livekit_sip_sip_port=value)) == [f"livekit_sip_sip_port is '{value}'"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"livekit_sip_health_port": 5060}, "livekit_sip_sip_port (5060) and livekit_sip_health_port (5060) overlap"),
        (
            {"livekit_sip_rtp_port": "7000-9000"},
            "livekit_server_rtc_udp_port (7882) and livekit_sip_rtp_port (7000-9000) overlap",
        ),
        (
            {"livekit_server_turn": {**TURN, "udp_port": 15000}},
            "livekit_server_turn.udp_port (15000) and livekit_sip_rtp_port (10000-20000) overlap",
        ),
    ],
)
def test_overlaps(given, wanted):
    assert _ports.overlaps(in_use(**given)) == [wanted]


def test_no_overlap_between_protocols():
    assert _ports.overlaps(in_use()) == _ports.overlaps(in_use(livekit_server_rtc_udp_port=7881)) == []


OWNER = {"port": 5060, "protocol": "udp", "address": "0.0.0.0", "pid": "77", "program": "asterisk", "container": ""}


@pytest.mark.parametrize(
    ("owner", "containers", "foreign"),
    [
        ({}, [], True),
        ({"container": "livekit-sip"}, ["livekit-sip"], False),
        ({"container": "livekit-sip-previous"}, ["livekit-sip-previous"], False),
        ({"container": "pbx"}, ["pbx"], True),
        ({"program": "", "pid": None}, ["livekit-sip"], False),
        ({"program": "", "pid": None}, [], True),
        ({"port": 5062}, [], False),
        ({"port": 7881, "protocol": "udp"}, [], False),
        ({"port": 6379, "protocol": "tcp", "address": "198.51.100.9"}, [], False),
        ({"port": 6379, "protocol": "tcp", "address": "127.0.0.1"}, [], True),
    ],
)
def test_foreign_owners(owner, containers, foreign):
    seen = {"owners": [{**OWNER, **owner}], "containers": containers}
    assert bool(_ports.foreign_owners(in_use(), seen, "livekit-sip", "host1")) == foreign


def test_an_owner_is_named():
    seen = {"owners": [{**OWNER, "container": "pbx"}], "containers": ["pbx"]}
    (said,) = _ports.foreign_owners(in_use(), seen, "livekit-sip", "host1")
    assert said == (
        "livekit_sip_sip_port is 5060, but on host1 udp port 5060 belongs to asterisk (process 77) "
        "in the container pbx. "
        "Stop that program or set livekit_sip_sip_port to a free port."
    )
