# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls as tests of a dial plan: a change that would give a call a different result fails with the explanation."""

from __future__ import annotations

import json

import pytest

from tests.support.modules import ModuleRunner

ONE, TWO, CALLER = "+12025550100", "+12025550101", "+12025550199"
PIN = "550173"
MODULES = ModuleRunner("http://127.0.0.1:1", "key", "secret")
TRUNKS = [{"name": "line", "numbers": [ONE]}, {"name": "conference", "numbers": [TWO]}]
RULES = [
    {
        "name": "agent",
        "trunks": ["line"],
        "individual": {"room_prefix": "call-"},
        "room_config": {"agents": [{"agent_name": "voice-agent"}]},
    },
    {"name": "lobby", "trunks": ["conference"], "direct": {"room_name": "lobby", "pin": PIN}},
]


def planned(**expected) -> dict:
    return MODULES.routing(
        check=True,
        assume_empty=True,
        inbound_trunks=TRUNKS,
        dispatch_rules=RULES,
        expect=[{"to": ONE, "from": CALLER, "source": "198.51.100.7", **expected}],
    )


@pytest.mark.parametrize(
    "expected",
    [
        {},
        {"trunk": "line", "rule": "agent", "room": "call-", "agent": "voice-agent"},
        {"to": "+12025550150", "refused": True},
        {"to": TWO, "trunk": "conference", "rule": "lobby"},
        {"to": TWO, "pin": PIN, "room": "lobby"},
        {"to": TWO, "pin": "1", "refused": True},
        {"pin": "1", "rule": "agent"},
    ],
)
def test_call_that_gets_what_it_must(expected):
    result = planned(**expected)
    assert not result.get("failed"), result
    assert len(result["actions"]) == 4


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"to": "+12025550150"}, "a rule must match it, but none does"),
        ({"refused": True}, "it must be refused, but a rule matches it"),
        ({"to": TWO, "refused": True}, "it must be refused, but a PIN is asked for"),
        ({"trunk": "conference"}, "expected trunk conference, got line"),
        ({"rule": "lobby"}, "expected rule lobby, got agent"),
        ({"room": "other-"}, "expected a room other-…, got call-_"),
        ({"agent": "other"}, "expected agent other, got voice-agent"),
        ({"to": TWO, "room": "lobby"}, "expected a room or agent, but a PIN is asked for: add the pin"),
        ({"to": TWO, "pin": "1"}, "a rule must match it, but none does"),
    ],
)
def test_call_that_would_go_another_way_fails_the_plan_with_the_explanation(expected, words):
    result = planned(**expected)
    assert result["failed"]
    assert result["failure"]["code"] == "unexpected"
    assert words in result["msg"]
    assert "\nThe caller hears: " in result["msg"]
    assert PIN not in json.dumps(result)


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"to": 12025550100}, "expect[0].to: 12025550100 is invalid"),
        ({"source": "x"}, "expect[0].source: 'x' is invalid"),
        ({"refused": True, "rule": "agent"}, "expect[0].refused: True is invalid"),
        ({"rul": "agent"}, "rul"),
    ],
)
def test_expectation_that_cannot_be_is_refused(expected, words):
    result = planned(**expected)
    assert result["failed"]
    assert words in result["msg"]


def test_every_call_that_would_go_another_way_is_named():
    result = MODULES.routing(check=True, assume_empty=True, expect=[{"to": ONE}, {"to": TWO}])
    assert result["msg"].count("a rule must match it") == 2


def test_diff_ends_with_the_calls_that_go_another_way():
    diff = planned()["diff"]
    assert diff["prepared"] == (
        f"{ONE} from anywhere: refused → rule agent\n{TWO} from anywhere: refused → asked for a PIN\n"
    )
    assert list(diff)[-1] == "prepared"
    outbound = {"name": "o", "address": "sip.example.com", "numbers": [ONE]}
    silent = MODULES.routing(check=True, assume_empty=True, outbound_trunks=[outbound])
    assert silent["actions"]
    assert "prepared" not in silent["diff"]
