# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults between the modules and a real livekit-server, and the objects that remain afterwards.

A proxy spoils one write or all writes. No object is duplicated, objects that are managed elsewhere stay, and the next
run converges.
"""

from __future__ import annotations

import copy
import time
from itertools import product

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _client
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS

from tests.support.modules import Clock
from tests.support.proxy import answers, cut_after, cut_before, cut_within, unanswered

HTML = "<html><body><h1>Bad Gateway</h1></body></html>"
FAULTS = {
    # name of the fault: (fault of a write, failure code, or None if the same run recovers)
    "cut before": (cut_before, None),
    "cut within the answer": (cut_within, None),
    "cut after": (cut_after, None),
    "502 before": (answers(502, HTML), None),
    "502 after": (answers(502, HTML, after=True), None),
    "503": (answers(503, {"code": "unavailable", "msg": "try again"}), None),
    "503 after": (answers(503, {"code": "unavailable", "msg": "try again"}, after=True), None),
    "500": (answers(500, {"code": "internal", "msg": "redis: connection pool timeout"}), "internal"),
    "500 after": (answers(500, {"code": "internal", "msg": "redis: connection pool timeout"}, True), "internal"),
    "429": (answers(429, {"code": "resource_exhausted", "msg": "slow down"}), None),
    "200 with HTML": (answers(200, HTML), "not_json"),
    "200 with HTML after": (answers(200, HTML, after=True), "not_json"),
    "401": (answers(401, "invalid API key: APIx"), "unauthenticated"),
}
WRITES = [
    "CreateSIPOutboundTrunk",
    "CreateSIPInboundTrunk",
    "CreateSIPDispatchRule",
    "UpdateSIPInboundTrunk",
    "UpdateSIPDispatchRule",
    "DeleteSIPTrunk",
    "DeleteSIPDispatchRule",
]
ONE, TWO, THREE, FOUR = (f"+1202555010{digit}" for digit in range(1, 5))
THEIRS = {"name": "theirs", "numbers": [FOUR], "auth_username": "u", "auth_password": "not-a-secret", "metadata": "m"}
BEFORE = {
    "inbound_trunks": [{"name": "a", "numbers": [ONE]}, {"name": "b", "numbers": [TWO]}, THEIRS],
    "dispatch_rules": [
        {"name": "r", "trunks": ["a"], "individual": {"room_prefix": "r"}},
        {"name": "s", "trunks": ["b"], "individual": {"room_prefix": "s"}},
        {"name": "theirs", "trunks": ["theirs"], "direct": {"room_name": "x", "pin": "1"}},
    ],
}
AFTER = {
    "inbound_trunks": [{"name": "a", "numbers": [ONE], "metadata": "m"}, {"name": "c", "numbers": [THREE]}],
    "outbound_trunks": [{"name": "o", "numbers": [ONE], "address": "sip.example.com"}],
    "dispatch_rules": [
        {"name": "r", "trunks": ["a"], "individual": {"room_prefix": "new"}},
        {"name": "t", "trunks": ["c"], "individual": {"room_prefix": "t"}},
    ],
    "purge": True,
    "keep": {"inbound_trunks": ["theirs"], "dispatch_rules": ["theirs"]},
}
NAMES_AFTER = {"inbound_trunk": ["a", "c", "theirs"], "outbound_trunk": ["o"], "dispatch_rule": ["r", "t", "theirs"]}


def table(livekit):
    found = {}
    for kind in KINDS.values():
        status, body = livekit.twirp("SIP", kind.list_rpc)
        assert status == 200
        found[kind.name] = sorted(body["items"], key=lambda item: item["name"])
    return found


def names(stored):
    return {kind: [item["name"] for item in items] for kind, items in stored.items()}


def of_others(stored):
    return [item for items in stored.values() for item in items if item["name"] == "theirs"]


def assert_nothing_doubled_or_lost(before, now):
    assert of_others(now) == of_others(before)
    for kind, items in names(now).items():
        assert len(items) == len(set(items)), f"doubled: {items}"
        assert set(names(before)[kind]) & set(NAMES_AFTER[kind]) <= set(items), "lost"
        assert set(items) <= {*names(before)[kind], *NAMES_AFTER[kind]}
    numbers = [number for trunk in now["inbound_trunk"] for number in trunk["numbers"]]
    assert len(numbers) == len(set(numbers))
    assert all(trunk["numbers"] for trunk in now["inbound_trunk"])
    assert all(rule["trunk_ids"] for rule in now["dispatch_rule"])


def assert_helpful(failed, code):
    failure = failed["failure"]
    assert failure["code"] == code
    assert failure["hint"], "a failure says what to do"
    assert failed["msg"].lower().endswith(failure["hint"].lower())


def assert_converges(livekit, modules, before):
    again = modules.routing(**AFTER)
    assert not again.get("failed"), again
    assert names(table(livekit)) == NAMES_AFTER
    assert of_others(table(livekit)) == of_others(before)
    assert table(livekit)["inbound_trunk"][0]["metadata"] == "m"
    assert not modules.routing(**AFTER)["changed"]


@pytest.mark.parametrize(("rpc", "fault"), list(product(WRITES, FAULTS)))
def test_one_write_goes_wrong(livekit, modules, spoilt, proxy, rpc, fault):
    modules.routing(**BEFORE)
    before = table(livekit)
    spoil, code = FAULTS[fault]
    proxy.spoil(rpc, spoil)
    result = spoilt.routing(**AFTER)
    assert not proxy.faults, "the fault happened"
    assert_nothing_doubled_or_lost(before, table(livekit))
    if code:
        assert_helpful(result, code)
    else:
        assert not result.get("failed"), result
        assert result["changed"]
        assert names(table(livekit)) == NAMES_AFTER
    assert_converges(livekit, modules, before)


@pytest.mark.parametrize(
    ("rpc", "fault"),
    list(
        product(
            ["Create", "Update", "Delete"],
            ["cut before", "502 before", "503", "500", "429", "200 with HTML", "401"],
        )
    ),
)
def test_every_write_goes_wrong(livekit, modules, spoilt, proxy, rpc, fault):
    modules.routing(**BEFORE)
    before = table(livekit)
    spoil, code = FAULTS[fault]
    proxy.spoil(rpc, spoil, times=1000)
    codes = {
        "cut before": "lost_answer",
        "502 before": "not_json_5xx",
        "503": "unavailable",
        "429": "resource_exhausted",
    }
    assert_helpful(spoilt.routing(**AFTER), code or codes[fault])
    assert_nothing_doubled_or_lost(before, table(livekit))
    assert_converges(livekit, modules, before)


@pytest.mark.parametrize("rpc", ["CreateSIPInboundTrunk", "UpdateSIPDispatchRule", "DeleteSIPTrunk"])
def test_an_answer_that_comes_too_late(livekit, modules, spoilt, proxy, monkeypatch, rpc):
    modules.routing(**BEFORE)
    before = table(livekit)
    proxy.spoil(rpc, proxy.too_late)
    post = _client.Client._post

    def impatient(client, asked, body):
        """Shorten the timeout of this RPC only: on a busy machine, other RPCs may be slow."""
        client = copy.copy(client)
        client.timeout = 0.5 if asked == rpc and proxy.faults else client.timeout
        return post(client, asked, body)

    monkeypatch.setattr(_client.Client, "_post", impatient)
    result = spoilt.routing(**AFTER)
    assert not proxy.faults, "the fault happened"
    assert not result.get("failed"), result
    assert result["changed"]
    assert names(table(livekit)) == NAMES_AFTER
    assert_converges(livekit, modules, before)


@pytest.mark.parametrize("fault", ["cut within the answer", "cut after", "502 after", "503 after"])
@pytest.mark.parametrize("rpc", ["Create", "Update", "Delete"])
def test_a_write_whose_answer_is_lost_is_told(modules, spoilt, proxy, rpc, fault):
    trunk = {"name": "t", "numbers": [ONE]}
    if rpc != "Create":
        modules.trunk(**trunk)
    trunk |= {"Create": {}, "Update": {"metadata": "m"}, "Delete": {"state": "absent"}}[rpc]
    planned = spoilt.trunk(check=True, **trunk)
    proxy.spoil(rpc, FAULTS[fault][0])
    result = spoilt.trunk(**trunk)
    assert not proxy.faults, "the fault happened"
    assert result["changed"]
    assert result["diff"] == planned["diff"]
    assert [action["action"] for action in result["actions"]] == [action["action"] for action in planned["actions"]]
    assert all(action["id"].startswith("ST_") for action in result["actions"])


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("fault", ["cut before", "cut within the answer", "cut after", "502 before", "503", "500"])
def test_a_read_that_fails_once_is_read_again(livekit, modules, spoilt, proxy, fault, check):
    modules.routing(**BEFORE)
    before = table(livekit)
    proxy.spoil("List", FAULTS[fault][0])
    result = spoilt.routing(check=check, **AFTER)
    assert not proxy.faults, "the fault happened"
    assert not result.get("failed"), result
    assert names(table(livekit)) == (names(before) if check else NAMES_AFTER)


@pytest.mark.one_server(reason="no request reaches the server")
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (cut_before, "unreachable"),
        (unanswered, "unreachable"),
        (answers(502, HTML), "not_json_5xx"),
        (answers(503, {"code": "unavailable", "msg": "x"}), "unavailable"),
        (answers(500, {"code": "internal", "msg": "x"}), "internal"),
        (answers(429, {"code": "resource_exhausted", "msg": "x"}), "resource_exhausted"),
        (answers(429, HTML), "resource_exhausted"),
        (answers(401, "invalid API key: APIx"), "unauthenticated"),
        (answers(403, HTML), "not_json"),
        (answers(200, HTML), "not_json"),
    ],
    ids=["cut", "slow", "502", "503", "500", "429", "429 of a proxy", "401", "403 of a proxy", "HTML"],
)
def test_reads_that_always_fail_end_with_the_timeout_and_change_nothing(
    livekit, modules, spoilt, proxy, clock, fault, code, check
):
    modules.routing(**BEFORE)
    before = table(livekit)
    proxy.spoil("List", fault, times=1000)
    assert_helpful(spoilt.routing(check=check, timeout=1, **AFTER), code)
    assert sum(clock.pauses) <= 1
    assert table(livekit) == before


@pytest.mark.parametrize("seconds", [-120, -60, 20])
def test_a_clock_that_is_a_little_wrong_does_no_harm(modules, monkeypatch, seconds):
    monkeypatch.setattr(_client, "time", Clock(seconds))
    assert modules.trunk(name="t", numbers=[ONE])["changed"]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("seconds", [120, 3600, -800])
def test_a_clock_that_is_wrong_is_named(livekit, modules, monkeypatch, seconds, check):
    monkeypatch.setattr(_client, "time", Clock(seconds))
    started = time.monotonic()
    failed = modules.trunk(check=check, name="t", numbers=[ONE])
    took = time.monotonic() - started
    assert_helpful(failed, "unauthenticated")
    differing = [word for word in failed["failure"]["hint"].split() if word.isdigit()]
    assert abs(int(differing[0]) - abs(seconds)) <= 2 + took
    assert "NTP" in failed["failure"]["hint"]
    assert table(livekit)["inbound_trunk"] == []
