# SPDX-License-Identifier: GPL-3.0-or-later
"""Explanation of a call: its result, what its caller hears, and why other trunks and rules do not match."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._calls import Call, Table
from ansible_collections.telephony.livekit.plugins.module_utils._explained import explain

from tests.support.modules import ModuleRunner

ONE, TWO, CALLER = "+12025550100", "+12025550101", "+12025550199"
PIN = "550173"
MODULES = ModuleRunner("http://127.0.0.1:1", "key", "secret")
TRUNK = {"name": "line", "numbers": [ONE]}
RULE = {
    "name": "agent",
    "trunks": ["line"],
    "individual": {"room_prefix": "call-"},
    "room_config": {"agents": [{"agent_name": "voice-agent"}]},
}
RINGS = "100, 180, 180 repeatedly until a participant in the room publishes audio, then 200"
ENDS = "100, 180, then silence, because livekit-server crashes: the rule hides a number that is missing"
REJECTED = "404 Does not match Trunks or Dispatch Rules"


def explained(trunks=(), rules=(), **call) -> dict:
    arguments = {"to": ONE, "from": CALLER, "source": "198.51.100.7", **call}
    lists = {"inbound_trunks": list(trunks), "dispatch_rules": list(rules)}
    return MODULES.run("livekit_sip_call_info", assume_empty=True, **lists, **arguments)


def test_call_that_a_rule_takes():
    found = explained([TRUNK], [RULE])
    assert not found["changed"]
    assert found["result"] == "accept"
    assert (found["trunk"], found["rule"]) == ({"name": "line", "id": ""}, {"name": "agent", "id": ""})
    assert found["room"] == f"call-_{CALLER}_<random>"
    assert found["agents"] == ["voice-agent"]
    assert found["hears"] == RINGS
    assert "Trunk: line\nRule: agent\nRoom: call-" in found["text"]


@pytest.mark.parametrize(
    ("trunks", "rules", "call", "hears"),
    [
        ([{**TRUNK, "auth_username": "u", "auth_password": "p"}], [RULE], {},
         RINGS.replace("100,", "100, 407 until the password is right,")),
        ([TRUNK], [], {"server_version": "1.13.7"}, "100, 180, then silence"),
        ([TRUNK], [], {"server_version": "v1.13.8"}, f"100, 180, then {REJECTED}"),
        ([TRUNK], [], {"server_version": "1.9.10"}, "100, 180, then silence"),
        ([TRUNK], [], {"server_version": "1.13.11-dev"}, f"100, 180, then {REJECTED}"),
        ([TRUNK], [], {}, f"100, 180, then {REJECTED} (livekit-server 1.13.8 or newer) or silence (older)"),
        ([TRUNK], [{**RULE, "individual": {"pin": PIN}}], {},
         "100, 180, 200 immediately, and a voice asks for the PIN"),
        ([TRUNK], [{**RULE, "individual": {"pin": PIN}}], {"pin": PIN},
         "100, 180, 200 immediately, and a voice asks for the PIN, after the digits the caller joins the room"),
        ([TRUNK], [{**RULE, "individual": {"pin": PIN}}], {"pin": "1"},
         "100, 180, 200 immediately, and a voice asks for the PIN, after the digits a voice says that the PIN is "
         "wrong, and the call ends"),
        ([TRUNK], [RULE], {"pin": PIN}, RINGS),
        ([TRUNK], [{**RULE, "hide_phone_number": True}], {"from": "", "server_version": "1.13.5"}, ENDS),
        ([TRUNK], [{**RULE, "hide_phone_number": True}], {"from": "", "server_version": "1.13.8"}, RINGS),
        ([TRUNK], [{**RULE, "hide_phone_number": True}], {"from": ""},
         f"{RINGS} (livekit-server 1.13.8 or newer), or {ENDS} (older)"),
        ([TRUNK], [{**RULE, "hide_phone_number": True, "individual": {"pin": PIN}}],
         {"from": "", "server_version": "1.13.5"}, ENDS),
        ([TRUNK], [{**RULE, "hide_phone_number": True}], {"server_version": "1.13.5"}, RINGS),
    ],
)  # fmt: skip
def test_what_the_caller_hears(trunks, rules, call, hears):
    assert explained(trunks, rules, **call)["hears"] == hears


@pytest.mark.parametrize(
    ("trunk", "rule", "call", "code", "words"),
    [
        ({"numbers": [TWO]}, {}, {}, "number", TWO),
        ({"allowed_numbers": [TWO]}, {}, {}, "caller", TWO),
        ({"allowed_addresses": ["198.51.100.128/25"]}, {}, {}, "source", "198.51.100.128/25"),
        ({}, {"numbers": [ONE[1:]]}, {}, "number", "character by character"),
        ({}, {"inbound_numbers": [TWO]}, {}, "caller", TWO),
        ({}, {"individual": {"pin": PIN}}, {"pin": "1"}, "pin", "another PIN"),
    ],
)
def test_first_reason_why_not_with_the_value_that_decides(trunk, rule, call, code, words):
    found = explained([{**TRUNK, **trunk}], [{**RULE, **rule}], **call)
    assert found["result"] == "refuse"
    reason = next(iter(found["other_trunks"] or found["other_rules"]))
    assert reason["code"] == code
    assert words in reason["reason"]
    assert reason["reason"] in found["text"]


def test_findings_are_those_about_the_objects_concerned():
    other = {"name": "other", "numbers": [TWO], "krisp_enabled": True}
    found = explained([TRUNK, other], [{**RULE, "numbers": [ONE[1:]]}])
    codes = {finding["code"] for finding in found["findings"]}
    assert "rule_number_form" in codes
    assert "krisp_self_hosted" not in codes
    assert {"object": "dispatch_rule", "id": "", "name": "agent"} in found["findings"][0]["objects"]
    assert "character by character. Write it as the provider sends it. [rule_number_form]\n" in found["text"]


def test_text_of_a_long_table_is_short_and_starts_with_what_nearly_matches():
    many = [{"name": f"t{number}", "numbers": [f"+120255501{number:02}"]} for number in range(1, 60)]
    found = explained([*many, {**TRUNK, "name": "z", "allowed_numbers": [TWO]}])
    assert len(found["other_trunks"]) == 60
    assert "Other inbound trunks:\n  z: " in found["text"]
    assert "and 50 more" in found["text"]


def test_text_names_others_in_an_order_that_ids_do_not_change():
    def others(*keys):
        trunks = [{"sip_trunk_id": key, "name": name, "numbers": [TWO]} for key, name in zip(keys, "cab", strict=True)]
        objects = {"inbound_trunk": {trunk["sip_trunk_id"]: trunk for trunk in trunks}, "dispatch_rule": {}}
        text = explain(Table.of(objects), objects, Call(ONE, CALLER)).text()
        return [line for line in text.splitlines() if line.startswith("  ")][:3]

    assert [line[:4] for line in others("1", "2", "3")] == ["  a ", "  b ", "  c "]
    assert [line[:4] for line in others("3", "2", "1")] == ["  a ", "  b ", "  c "]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"to": 12025550100}, 'to: 12025550100 is invalid: YAML drops a plus sign without quotes. Write "+1202555'),
        ({"from": 12025550100}, "from: 12025550100 is invalid"),
        ({"to": ""}, "to: '' is invalid"),
        ({"source": "sip.example.com"}, "source: 'sip.example.com' is invalid: it is not an IP address"),
        ({"server_version": "latest"}, "server_version: 'latest' is invalid"),
    ],
)
def test_call_that_cannot_be_is_refused(call, words):
    found = explained([TRUNK], [RULE], **call)
    assert found["failed"]
    assert found["failure"]["code"] == "invalid"
    assert words in found["msg"]


def test_pin_and_password_are_not_shown():
    trunk = {**TRUNK, "auth_username": "u", "auth_password": "canary-password"}
    for pin in (PIN, "1"):
        found = explained([trunk], [{**RULE, "individual": {"pin": PIN}}], pin=pin)
        assert PIN not in json.dumps(found)
        assert "canary" not in json.dumps(found)


def test_what_a_run_would_refuse_fails_here_too():
    assert explained([TRUNK, {**TRUNK, "name": "twin"}])["failure"]["code"] == "conflict"


def test_call_on_a_table_of_a_thousand_lines_is_explained_at_once():
    ids = [f"{number:04}" for number in range(1000)]
    trunks = {key: {"sip_trunk_id": key, "name": key, "numbers": [f"+1202555{key}"]} for key in ids}
    individual = {"dispatch_rule_individual": {"room_prefix": "call"}}
    rules = {key: {"sip_dispatch_rule_id": key, "name": key, "trunk_ids": [key], "rule": individual} for key in ids}
    objects = {"inbound_trunk": trunks, "outbound_trunk": {}, "dispatch_rule": rules}
    began = time.process_time()
    found = explain(Table.of(objects), objects, Call(ONE, CALLER)).as_dict()
    assert time.process_time() - began < 1
    assert found["rule"]["id"] == ONE[-4:]
