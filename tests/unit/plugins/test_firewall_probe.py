# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a firewall, read from the output of nft, ufw and systemd."""

from __future__ import annotations

import os

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _firewall_probe

CHAIN = {"family": "inet", "table": "filter", "name": "input", "hook": "input", "prio": 0, "policy": "accept"}
SEEN = {"ufw": {"active": False}, "firewalld_active": False}
OURS = {
    **{"family": "inet", "table": "filter", "chain": "input", "handle": 7, "comment": "telephony.livekit"},
    "expr": [{"match": {"right": 268435456}}, {"accept": None}],
}
WANTED = {"chains": ["inet filter input"], "mark": "0x10000000"}


def chains(*objects, wanted=None, **seen):
    return _firewall_probe.chains(list(objects), wanted or WANTED, {**SEEN, **seen})


def last(*parts):
    """Whether a chain with these expressions in its last rule is closed."""
    rule = {"family": "inet", "table": "filter", "chain": "input", "expr": list(parts)}
    return _firewall_probe.closes(CHAIN, [{"expr": [{"accept": None}]}, rule])


@pytest.mark.parametrize(
    ("parts", "closes"),
    [
        ([{"drop": None}], True),
        ([{"counter": {}}, {"log": {}}, {"reject": {}}], True),
        ([{"xt": {"type": "match", "name": "comment"}}, {"xt": {"type": "target", "name": "REJECT"}}], True),
        ([{"match": {}}, {"drop": None}], False),
        ([{"counter": {}}], False),
        ([{"accept": None}], False),
    ],
)
def test_a_last_rule_that_matches_everything(parts, closes):
    assert last(*parts) is closes


def test_a_policy_closes_whatever_the_rules_are():
    assert _firewall_probe.closes({**CHAIN, "policy": "drop"}, [])
    assert not _firewall_probe.closes(CHAIN, [])


def test_a_chain_that_drops_is_closed_unless_its_table_is_named_or_another_firewall_is_in_charge():
    drops = {"chain": {**CHAIN, "policy": "drop"}}
    assert chains(drops, wanted={**WANTED, "chains": []})["closed"] == ["inet filter input"]
    assert chains(drops)["closed"] == []
    ufw = {"chain": {**CHAIN, "family": "ip", "policy": "drop"}}
    assert chains(ufw)["closed"] == ["ip filter input"]
    assert chains(ufw, ufw={"active": True})["closed"] == []
    firewalld = {"chain": {**CHAIN, "table": "firewalld", "policy": "drop"}}
    assert chains(firewalld, firewalld_active=True)["closed"] == []


def test_a_named_chain_that_decides_before_ours():
    assert chains({"chain": {**CHAIN, "policy": "drop", "prio": -10}})["early"] == ["inet filter input"]


def test_our_own_table_and_other_hooks_do_not_count():
    others = [{"chain": {**CHAIN, "policy": "drop", **other}} for other in ({"table": "livekit"}, {"hook": "forward"})]
    assert chains(*others, wanted={**WANTED, "chains": []})["closed"] == []


def test_our_rule_in_a_chain():
    there = {"chain": CHAIN}
    assert chains(there, {"rule": OURS})["chains_right"]
    assert not chains(there)["chains_right"]
    assert not chains(there, {"rule": OURS}, {"rule": OURS})["chains_right"]
    assert not chains(there, {"rule": OURS}, wanted={**WANTED, "mark": "0x1"})["chains_right"]
    assert chains(there)["missing_chains"] == []
    assert chains()["missing_chains"] == ["inet filter input"]
    left = chains(there, {"rule": OURS}, wanted={**WANTED, "chains": []})["our_rules"]
    assert left == ["delete rule inet filter input handle 7"]


def test_what_the_kernel_counts_is_no_difference():
    counted = "set callers_ipv4 {\n\ttype ipv4_addr\n\telements = { 192.0.2.1 }\n}\n"
    listed = counted + "set sip_ipv4 {\n\telements = { 192.0.2.0/24 }\n}"
    text = _firewall_probe.listing(lambda argv, given: (0, listed, ""))
    assert "192.0.2.1" not in text and "192.0.2.0/24" in text


@pytest.fixture
def ufw(tmp_path, monkeypatch):
    """A function that configures ufw with the given rules."""

    def write(*rules, enabled="yes", ipv6="yes"):
        texts = {
            "/etc/ufw/ufw.conf": f"ENABLED={enabled}\n",
            "/etc/default/ufw": f"IPV6={ipv6}\n",
            "/etc/ufw/user.rules": "".join(f"### tuple ### {rule}\n" for rule in rules),
        }
        monkeypatch.setattr(_firewall_probe, "read", lambda path: texts.get(path, ""))

    return write


SIP = {"networks": ["192.0.2.0/24", "2001:db8::7"], "protocols": ["udp"], "ports": [5060, "10000-20000"]}
COMMENT = f" comment={b'telephony.livekit'.hex()}"


def test_ufw_gets_what_is_missing_and_loses_what_is_ours(ufw):
    ufw(
        f"allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment={b'mine'.hex()}",
        f"allow udp 5061 0.0.0.0/0 any 192.0.2.0/24 in{COMMENT}",
        f"allow udp 5060,10000:20000 0.0.0.0/0 any 192.0.2.0/24 in{COMMENT}",
    )
    assert _firewall_probe.ufw({"openings": [SIP]})["commands"] == [
        "ufw delete allow proto udp from 192.0.2.0/24 to any port 5061",
        "ufw allow proto udp from 2001:db8::7 to any port 5060,10000:20000 comment telephony.livekit",
    ]


def test_ufw_without_ipv6_and_ufw_that_is_stopped(ufw):
    ufw(ipv6="no")
    assert len(_firewall_probe.ufw({"openings": [SIP]})["commands"]) == 1
    ufw(f"allow udp 5060 0.0.0.0/0 any 192.0.2.0/24 in{COMMENT}", enabled="no")
    assert _firewall_probe.ufw({"openings": [SIP]})["commands"] == []
    assert len(_firewall_probe.ufw({"openings": []})["commands"]) == 1


def test_the_units_are_right_only_if_both_are(monkeypatch):
    def services(*states, systemd=True):
        def run(argv, given):
            return 0, "\n".join("enabled" if argv[1] == "is-enabled" else state for state in states), ""

        return _firewall_probe.services(run, systemd)

    assert services("active", "active")["units_right"]
    assert not services("active", "inactive")["units_right"]
    assert not services("active", "active", systemd=False)["units_right"]


def services_that_say(said, files=()):
    """The state of the services, where `said(argv)` is the output of systemctl."""
    return _firewall_probe.services(lambda argv, given: (0, said(argv), ""), True, files)


def test_systemd_has_yet_to_read_what_a_killed_run_wrote():
    drop_in = "/etc/systemd/system/docker.service.d/livekit-firewall.conf"

    def said(argv):
        asked = "--property=NeedDaemonReload" in argv and "docker.service" in argv
        return "no\n\nyes\n" if asked else "no\n"

    assert services_that_say(said, [drop_in, "/etc/livekit/firewall.sh"])["reload_needed"]
    assert not services_that_say(said)["reload_needed"]


def test_the_guard_runs_what_was_there_before_a_killed_run(tmp_path, monkeypatch):
    script = tmp_path / "guard.sh"
    monkeypatch.setattr(_firewall_probe, "GUARD_SCRIPT", str(script))

    def guard_started(when):
        said = services_that_say(lambda argv: when if "--property=ActiveEnterTimestamp" in argv else "no")
        return said["guard_outdated"]

    assert not guard_started("@1700000000")
    script.touch()
    os.utime(script, (1700000000.9, 1700000000.9))
    assert not guard_started("@1700000000")
    assert guard_started("@1699999999")
    assert not guard_started("")


def test_files_of_ours(tmp_path, monkeypatch):
    kept, left, new = (str(tmp_path / name) for name in ("kept", "left", "folder/new"))
    for path in (kept, left):
        with open(path, "w", encoding="utf-8") as file:
            file.write("text")
    monkeypatch.setattr(_firewall_probe, "FILES", [str(tmp_path / "*")])
    monkeypatch.setattr(_firewall_probe, "is_right", lambda path, content: _firewall_probe.read(path) == content)

    def files(systemd, text="text"):
        wanted = [{"path": kept, "content": text, "needs": None}, {"path": new, "content": "", "needs": "systemd"}]
        return _firewall_probe.our_files({"files": wanted}, {"systemd": systemd})

    assert files(True) == {"write": [new], "folders_missing": [str(tmp_path / "folder")], "remove": [left]}
    assert files(False) == {"write": [], "folders_missing": [], "remove": [left]}
    assert files(False, "another")["write"] == [kept]
