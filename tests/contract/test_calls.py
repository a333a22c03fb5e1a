# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare our matcher with livekit-server: which trunk, rule, room and agents a call gets.

The tests generate tables, store them without the API's checks, and ask the server about generated calls. Half of
the tables are the same in every run and produce enough calls with each outcome; the other half is random. CALLS=20000
asks about more calls; SEED=… repeats the random half of a run.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from unittest import mock

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _calls
from ansible_collections.telephony.livekit.plugins.module_utils._calls import ACCEPT, ERROR, RANDOM, Call, Table

from tests.support import generated_calls
from tests.support.oracle import Oracle

CALLS = int(os.environ.get("CALLS", "2400"))
CALLS_A_TABLE = 15
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 10**6)
RESULTS = {"ACCEPT": "accept", "REQUEST_PIN": "request_pin", "DROP": "refuse", "REJECT": "refuse"}


@pytest.fixture(scope="module")
def oracle(running_livekit):
    with Oracle(running_livekit) as asked:
        yield asked
    running_livekit.flush()


def judged_by_server(decision: dict) -> dict:
    if "auth_error" in decision:
        return {"outcome": "several trunks" if "Multiple" in decision["auth_error"] else "error"}
    asks_password = bool(decision["auth_user"])
    if "dispatch_error" in decision:
        return {"outcome": "several rules", "asks_password": asks_password}
    outcome = RESULTS[decision["result"]]
    found = {"outcome": outcome, "trunk": decision["trunk"], "rule": decision["rule"], "asks_password": asks_password}
    if outcome == ACCEPT:
        found |= {key: decision.get(key) or [] for key in ("room", "identity", "agents")}
    return found


def judged_by_us(table: Table, asked: dict) -> dict:
    call = Call(
        asked["to"], asked["from"], asked["src"], asked["from_host"], asked.get("pin", ""), asked.get("no_pin", False)
    )
    decision = table.decide(call)
    if decision.result == ERROR:
        several_trunks = all("sip_trunk_id" in rival for rival in decision.rivals)
        if several_trunks:
            return {"outcome": "several trunks"}
        return {"outcome": "several rules", "asks_password": asks_user(decision)}
    found = {
        "outcome": decision.result,
        "trunk": (decision.trunk or {}).get("sip_trunk_id", ""),
        "rule": (decision.rule or {}).get("sip_dispatch_rule_id", ""),
        "asks_password": asks_user(decision),
    }
    if decision.result == ACCEPT:
        found |= {key: getattr(decision, key) for key in ("room", "identity", "agents")}
    return found


def asks_user(decision) -> bool:
    """Whether the server returns a user name. livekit-sip challenges callers only if the trunk has a password too."""
    return bool(decision.trunk and decision.trunk.get("auth_username"))


def same(ours: dict, theirs: dict) -> bool:
    room, _unused, made_up = ours.get("room", "").partition(RANDOM)
    if _unused:
        rest = theirs.get("room", "")
        return {**ours, "room": ""} == {**theirs, "room": ""} and rest.startswith(room) and len(rest) > len(room)
    return ours == theirs


def compare(oracle, seed: int, calls: int, first: bool = False) -> tuple[Counter, list]:
    """Count the server's outcomes, and list all differences (trunks, rules, call, ours, theirs) or only the first."""
    outcomes: Counter = Counter()
    different = []
    for number in range(calls // CALLS_A_TABLE):
        if first and different:
            break
        rng = random.Random(seed * 1_000_003 + number)
        trunks, rules = generated_calls.table(rng)
        asked = [generated_calls.call(rng) for _unused in range(CALLS_A_TABLE)]
        oracle.store(trunks, rules)
        table = Table(trunks, rules)
        for question, decision in zip(asked, oracle.answers(*asked), strict=True):
            theirs, ours = judged_by_server(decision), judged_by_us(table, question)
            outcomes[theirs["outcome"]] += 1
            outcomes["asks password"] += bool(theirs.get("asks_password"))
            if theirs["outcome"] == "refuse":
                outcomes[decision["result"]] += 1
            if not same(ours, theirs):
                different.append((trunks, rules, question, ours, theirs))
    return outcomes, different


@pytest.mark.parametrize("seed", [1, SEED])
def test_every_decision_is_the_servers(running_livekit, oracle, seed):
    outcomes, different = compare(oracle, seed, CALLS // 2)
    print(f"seed {seed}: {dict(outcomes)}")
    assert not different, f"seed {seed}: {len(different)} of {CALLS // 2}, the first: {different[0]}"
    assert outcomes[running_livekit.refusal] == outcomes["refuse"]
    if seed != 1:
        return
    for outcome in ("accept", "request_pin", "refuse", "several trunks", "several rules", "asks password"):
        assert outcomes[outcome] >= CALLS // 2 * 0.05, f"seed {seed}: too few of {outcome}: {outcomes}"


MUTATIONS = {
    "numbers are compared as they are written": ("normalized_number", lambda number: number),
    "sources are not looked at": ("source_allowed", lambda *_unused: True),
    "two spellings in one rule are let pass": ("written_twice", lambda rule: []),
    "open rules come before rules with a PIN": (
        "priority",
        lambda rule: (-_calls_priority(rule)[0], _calls_priority(rule)[1]),
    ),
    "rivals among rules are not seen": ("_faults", lambda rules: {}),
}
_calls_priority = _calls.priority


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutated_matcher_is_caught(oracle, mutation):
    name, replacement = MUTATIONS[mutation]
    with mock.patch.object(_calls, name, replacement):
        _outcomes, different = compare(oracle, 1, 3000, first=True)
    assert different
