# SPDX-License-Identifier: GPL-3.0-or-later
"""Stored objects are read and exported, lk's files are read, and both come back unchanged."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.telephony.livekit.plugins.filter.from_lk import from_lk
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import INBOUND_TRUNK
from ansible_collections.telephony.livekit.plugins.module_utils._messages import from_json

ONE, TWO = "+12025550101", "+12025550102"


@pytest.fixture
def filled(modules):
    """A table that is hard to export: secrets, PINs and a rule for any trunk. Returns the id of a trunk to rename."""
    created = modules.routing(
        inbound_trunks=[
            {
                "name": "secret",
                "numbers": [ONE],
                "auth_username": "u",
                "auth_password": "canary-password",
                "headers": {"X-Key": "canary-header"},
                "media": {"encryption": "require", "codecs": [{"name": "PCMU", "rate": 8000}]},
                "ringing_timeout": "30s",
            },
            {"name": "plain", "numbers": [TWO], "krisp_enabled": True},
        ],
        outbound_trunks=[{"name": "out", "address": "sip.example.com", "numbers": [ONE], "transport": "tls"}],
        dispatch_rules=[
            {"name": "pin", "trunks": ["secret"], "direct": {"room_name": "lobby", "pin": "4711"}},
            {"name": "any", "any_trunk": True, "callee": {}},
            {
                "name": "agents",
                "trunks": ["plain"],
                "individual": {"room_prefix": "call-"},
                "room_config": {"agents": [{"agent_name": "voice-agent"}], "tags": {"a": "b"}},
                "attributes": {"k": "v"},
            },
        ],
    )
    assert not created.get("failed"), created
    twin = modules.trunk(name="twin", numbers=["+12025550103"])["trunk"]["id"]
    modules.trunk(name="other", numbers=["+12025550104"])
    modules.trunk(id=modules.trunk(name="other")["trunk"]["id"], name="twin2")
    return twin


def test_an_export_changes_nothing(livekit, modules, filled):
    livekit.twirp("SIP", "UpdateSIPInboundTrunk", {"sip_trunk_id": filled, "update": {"name": "plain"}})
    info = modules.run("livekit_sip_info", check=True)
    exported = info["export"]
    again = modules.routing(
        inbound_trunks=exported["livekit_routing_inbound_trunks"],
        outbound_trunks=exported["livekit_routing_outbound_trunks"],
        dispatch_rules=exported["livekit_routing_dispatch_rules"],
        purge=True,
    )
    assert again["actions"] == [], again
    assert [rule["any_trunk"] for rule in exported["livekit_routing_dispatch_rules"] if "any_trunk" in rule] == [True]
    for canary in ("canary", "4711"):
        assert canary not in modules.outputs[-2]
    plain = [trunk for trunk in exported["livekit_routing_inbound_trunks"] if trunk["name"] == "plain"]
    assert len(plain) == 2
    assert all(trunk["id"] for trunk in plain)


@pytest.mark.parametrize(
    ("condition", "trunks", "rules"),
    [
        ({"names": ["secret", "any"]}, ["secret"], ["any"]),
        ({"numbers": ["1-202-555-0102"]}, ["plain"], ["agents"]),
        ({"names": ["nobody"]}, [], []),
        ({}, ["plain", "secret", "twin", "twin2"], ["agents", "any", "pin"]),
    ],
)
def test_conditions(modules, filled, condition, trunks, rules):
    info = modules.run("livekit_sip_info", **condition)
    assert sorted(trunk["name"] for trunk in info["inbound_trunks"]) == trunks
    assert sorted(rule["name"] for rule in info["dispatch_rules"]) == rules


def test_by_id(modules, filled):
    info = modules.run("livekit_sip_info", ids=[filled])
    assert [trunk["id"] for trunk in info["inbound_trunks"]] == [filled]


def test_findings_tell_what_is_wrong_with_the_server_as_it_stands(livekit, modules):
    made = modules.routing(
        inbound_trunks=[{"name": "one", "numbers": [ONE]}, {"name": "two", "numbers": [TWO]}],
        dispatch_rules=[{"name": "agent", "trunks": ["one"], "individual": {"room_prefix": "call-"}}],
    )
    assert not made.get("failed"), made
    two = next(trunk["id"] for trunk in made["inbound_trunks"] if trunk["name"] == "two")
    # Bypass livekit-server's conflict check, as other tools do.
    twin = {"replace": {"name": "two", "numbers": [ONE]}, "sip_trunk_id": two}
    assert livekit.twirp("SIP", "UpdateSIPInboundTrunk", twin)[0] == 200
    found = modules.run("livekit_sip_info", check=True)["findings"]
    assert found[0]["code"] == "trunks_conflict"
    assert found[0]["severity"] == "error"
    assert {"object": "inbound_trunk", "id": two, "name": "two"} in found[0]["objects"]
    about = {name: modules.run("livekit_sip_info", names=[name])["findings"] for name in ("one", "agent", "nobody")}
    assert [finding["code"] for finding in about["one"]] == ["trunks_conflict", "call_without_limit"]
    assert about["agent"] == about["nobody"] == []
    assert "trunk_unused" in {finding["code"] for finding in found}


LK_TRUNK = {"trunk": {"name": "Twilio", "numbers": [ONE], "krispEnabled": True, "ringingTimeout": "30s"}}
LK_RULE = {
    "dispatch_rule": {
        "name": "Individual",
        "rule": {"dispatchRuleIndividual": {"roomPrefix": "call-"}},
        "roomConfig": {"agents": [{"agentName": "voice-agent", "metadata": "{}"}]},
        "attributes": {"camelCase": "stays"},
    }
}


def test_the_files_of_lk_become_a_line(livekit, modules):
    trunk, rule = from_lk(json.loads(json.dumps(LK_TRUNK))), from_lk(json.loads(json.dumps(LK_RULE)))
    assert trunk == {"name": "Twilio", "numbers": [ONE], "krisp_enabled": True, "ringing_timeout": "30s"}
    assert rule["attributes"] == {"camelCase": "stays"}
    made = modules.routing(inbound_trunks=[trunk], dispatch_rules=[{**rule, "trunks": ["Twilio"]}])
    assert not made.get("failed"), made
    for rpc, wrapped in (("ListSIPInboundTrunk", LK_TRUNK), ("ListSIPDispatchRule", LK_RULE)):
        _status, listed = livekit.twirp("SIP", rpc)
        assert listed["items"][0]["name"] == next(iter(wrapped.values()))["name"]


@pytest.mark.parametrize(
    ("written", "options"),
    [
        (LK_TRUNK["trunk"], from_lk(LK_TRUNK)),
        ({"dispatchRule": LK_RULE["dispatch_rule"]}, from_lk(LK_RULE)),
        ({"name": "o", "address": "x", "numbers": [ONE], "transport": 3},
         {"name": "o", "address": "x", "numbers": [ONE], "transport": "tls"}),
        ({"name": "p", "rule": {"dispatch_rule_direct": {"room_name": "r", "pin": "4711"}}, "trunk_ids": ["ST_1"]},
         {"name": "p", "direct": {"room_name": "r", "pin": "4711"}, "trunks": ["ST_1"]}),
    ],
)  # fmt: skip
def test_spellings_of_lk_files(written, options):
    read = from_lk(written)
    assert {name: read.get(name) for name in options} == options


@pytest.mark.parametrize("wrong", [[], {"trunk": {"numbers": [ONE], "typo": 1}}, {"name": "x"}])
def test_what_is_no_lk_file_is_refused(wrong):
    with pytest.raises(AnsibleFilterError):
        from_lk(wrong)


def test_a_proxy_that_answers_in_camel_case_is_understood():
    raw = {
        "sipTrunkId": "ST_1",
        "headersToAttributes": {"X-aB": "cD"},
        "media": {"mediaTimeout": "20s", "codecs": [{"name": "PCMU"}]},
        "fieldOfTomorrow": 1,
    }
    assert from_json(INBOUND_TRUNK.fields, raw) == {
        "sip_trunk_id": "ST_1",
        "headers_to_attributes": {"X-aB": "cD"},
        "media": {"media_timeout": "20s", "codecs": [{"name": "PCMU"}]},
        "field_of_tomorrow": 1,
    }
