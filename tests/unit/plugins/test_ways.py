# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls whose result a change affects, out of all possible calls."""

from __future__ import annotations

import random
import time

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._calls import REQUEST_PIN, Call, Table
from ansible_collections.telephony.livekit.plugins.module_utils._claims import pin_of
from ansible_collections.telephony.livekit.plugins.module_utils._explained import explain
from ansible_collections.telephony.livekit.plugins.module_utils._ways import _difference, changed_ways

from tests.support import generated_calls

ONE, TWO, CALLER = "+12025550100", "+12025550101", "+12025550199"


def trunk(key, *numbers, **fields):
    return {"sip_trunk_id": key, "name": key, "numbers": list(numbers), **fields}


def rule(key, *trunks, pin="", prefix="call", **fields):
    return {
        "sip_dispatch_rule_id": key,
        "name": key,
        "trunk_ids": list(trunks),
        "rule": {"dispatch_rule_individual": {"room_prefix": prefix, "pin": pin}},
        **fields,
    }


def objects(*stored):
    table = {"inbound_trunk": {}, "outbound_trunk": {}, "dispatch_rule": {}}
    for item in stored:
        kind, field = (
            ("inbound_trunk", "sip_trunk_id") if "sip_trunk_id" in item else ("dispatch_rule", "sip_dispatch_rule_id")
        )
        table[kind][item[field]] = item
    return table


NET, OTHER_NET = "198.51.100.0/25", "198.51.100.128/25"
AGENTS = [{"agents": [{"agent_name": name}]} for name in ("old", "new")]

CASES = {
    "another rule": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("t", ONE), rule("b", "t")],
        [f"{ONE} from anywhere: rule a → rule b"],
    ),
    "nothing": ([trunk("t", ONE), rule("a", "t")], [trunk("t", ONE), rule("a", "t")], []),
    "what no call notices": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("t", ONE, metadata="x"), rule("a", "t", metadata="y")],
        [],
    ),
    "a new name": ([trunk("t", ONE), rule("a", "t")], [trunk("t", ONE, name="u"), rule("a", "t", name="b")], []),
    "a number more": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("t", ONE, TWO), rule("a", "t")],
        [f"{TWO} from anywhere: refused → rule a"],
    ),
    "other networks": (
        [trunk("t", ONE, allowed_addresses=[NET]), rule("a", "t")],
        [trunk("t", ONE, allowed_addresses=[OTHER_NET]), rule("a", "t")],
        [f"{ONE} from {NET}: rule a → refused", f"{ONE} from {OTHER_NET}: refused → rule a"],
    ),
    "one caller": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("t", ONE), rule("a", "t"), rule("vip", "t", inbound_numbers=[CALLER])],
        [f"{ONE} by {CALLER}: rule a → rule vip"],
    ),
    "one spelling": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("t", ONE), rule("a", "t"), rule("b", "t", numbers=["12025550100"])],
        [f"{ONE} dialled 12025550100: rule a → rule b"],
    ),
    "another room": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("t", ONE), rule("a", "t", prefix="desk")],
        [f"{ONE} from anywhere: rule a: room call_<caller>_<random> → desk_<caller>_<random>"],
    ),
    "another agent": (
        [trunk("t", ONE), rule("a", "t", room_config=AGENTS[0])],
        [trunk("t", ONE), rule("a", "t", room_config=AGENTS[1])],
        [f"{ONE} from anywhere: rule a: agents old → new"],
    ),
    "a password": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("t", ONE, auth_username="u", auth_password="example"), rule("a", "t")],
        [f"{ONE} from anywhere: rule a: password not required → required"],
    ),
    "a new PIN": (
        [trunk("t", ONE), rule("a", "t", pin="1111")],
        [trunk("t", ONE), rule("a", "t", pin="2222")],
        [f"{ONE} with the former PIN of a: rule a → refused", f"{ONE} with the new PIN of a: refused → rule a"],
    ),
    "a PIN where none was": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("t", ONE), rule("a", "t", pin="2222")],
        [f"{ONE} from anywhere: rule a → asked for a PIN"],
    ),
    "two trunks": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("t", ONE), trunk("u", ONE), rule("a", "t")],
        [f"{ONE} from anywhere: rule a → 503 (2 trunks match the call: they have the number {ONE})"],
    ),
    "a rule for everybody": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("t", ONE), rule("a", "t"), rule("any")],
        ["any other number from anywhere: refused → rule any"],
    ),
    "a host name": (
        [trunk("t", ONE, allowed_addresses=["sip.example.net"]), rule("a", "t")],
        [trunk("t", ONE, allowed_addresses=["pbx.example.net"]), rule("a", "t")],
        [
            f"{ONE} with From host pbx.example.net: refused → rule a",
            f"{ONE} with From host sip.example.net: rule a → refused",
        ],
    ),
    "a trunk made anew": (
        [trunk("t", ONE), rule("a", "t")],
        [trunk("new:t", ONE, name="t"), rule("new:a", "new:t", name="a")],
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_calls_whose_way_changes(case):
    before, after, lines = CASES[case]
    assert sorted(changed_ways(objects(*before), objects(*after))) == sorted(lines)
    assert bool(changed_ways(objects(*after), objects(*before))) == bool(lines)


@pytest.mark.parametrize("seed", [1, 2, random.randrange(3, 10**6)])
def test_no_call_changes_its_way_without_a_line(seed):
    """Random calls, in every spelling and from every source, on random pairs of similar tables."""
    rng = random.Random(seed)
    changed = 0
    for _unused in range(60):
        trunks, rules = generated_calls.table(rng)
        before = objects(*trunks, *rules)
        keep_trunks = [item for item in trunks if rng.random() < 0.8]
        keep_rules = [item for item in rules if rng.random() < 0.8]
        moved = [
            {**item, **generated_calls.rule(rng, 0, trunks), "sip_dispatch_rule_id": "SDR_new", "name": "new"}
            for item in rules[:1]
            if rng.random() < 0.5
        ]
        after = objects(*keep_trunks, *keep_rules, *moved)
        lines = changed_ways(before, after)
        tables = Table.of(before), Table.of(after)
        for _unused in range(40):
            asked = generated_calls.call(rng)
            # A From host that repeats an address of allowed_addresses is forged, and does not form a class of calls.
            host = asked["from_host"] if asked["from_host"] in ("sip.example.net", "elsewhere.example") else ""
            call = Call(asked["to"], asked["from"], asked["src"], host)
            decisions = [table.decide(call) for table in tables]
            if {decision.result for decision in decisions} == {REQUEST_PIN}:
                call = Call(call.called, call.caller, call.source, call.from_host, asked.get("pin", ""))
                decisions = [table.decide(call) for table in tables]
            difference = _difference(*decisions)
            if difference:
                changed += 1
                heads = difference.partition(" (")[0].partition(": ")[0]
                assert any(heads in line for line in lines), f"seed {seed}: {call}: {difference}\n{lines}"
    assert changed > 100


def test_a_thousand_trunks_and_rules_take_less_than_two_seconds():
    nets = [f"198.51.100.{16 * index}/28" for index in range(8)]
    before = objects(
        *(trunk(f"t{n}", f"+1202{n:07d}", allowed_addresses=nets) for n in range(1000)),
        *(rule(f"r{n}", f"t{n}") for n in range(1000)),
    )
    after = {name: dict(table) for name, table in before.items()}
    after["dispatch_rule"] = {
        key: {**item, "name": f"{key} b", "room_preset": "x"} for key, item in before["dispatch_rule"].items()
    }
    after["dispatch_rule"]["any"] = rule("any")
    assert changed_ways(before, after)
    assert seconds(lambda: changed_ways(before, after)) < 2
    one_trunk = objects(
        trunk("t", *(f"+1202{n:07d}" for n in range(1000))),
        *(rule(f"r{n}", "t", numbers=[f"+1202{n:07d}"]) for n in range(1000)),
    )
    fewer = {**one_trunk, "inbound_trunk": {"t": trunk("t", "+12020000000")}}
    assert changed_ways(one_trunk, fewer)
    assert seconds(lambda: changed_ways(one_trunk, fewer)) < 2
    call = Call("+12020000500", CALLER, "198.51.100.7")
    assert seconds(lambda: Table.of(before).explain(call)) < 0.1


LINES = range(1000)
# A thousand trunks, a thousand rules, or both, in the shapes that providers require.
LONG = {
    "a number a trunk": (
        [trunk(f"t{n}", f"+1202{n:07d}") for n in LINES],
        [rule(f"r{n}", f"t{n}") for n in LINES],
    ),
    "a caller a trunk": (
        [trunk(f"t{n}", ONE, allowed_numbers=[f"+1202{n:07d}"]) for n in LINES],
        [rule(f"r{n}", f"t{n}") for n in LINES],
    ),
    "a number a rule": (
        [trunk("t", *(f"+1202{n:07d}" for n in LINES))],
        [rule(f"r{n}", "t", numbers=[f"+1202{n:07d}"]) for n in LINES],
    ),
    "a caller a rule": (
        [trunk("t", ONE)],
        [rule(f"r{n}", "t", inbound_numbers=[f"+1202{n:07d}"]) for n in LINES],
    ),
    "a PIN a rule": ([trunk("t", ONE)], [rule(f"r{n}", "t", pin=f"{n:04d}") for n in LINES]),
}


@pytest.mark.parametrize("shape", LONG)
def test_long_tables_of_every_shape_take_no_longer(shape):
    trunks, rules = LONG[shape]
    before = objects(*trunks, *rules)
    after = objects(*trunks, *({**item, "rule": rule("r", prefix="new", pin=pin_of(item))["rule"]} for item in rules))
    assert len(changed_ways(before, after)) >= len(rules)
    assert seconds(lambda: changed_ways(before, after)) < 2
    call = Call(ONE, "+12020000500", "198.51.100.7")
    assert seconds(lambda: explain(Table.of(before), before, call).as_dict()) < 0.3


def seconds(work) -> float:
    """The least CPU time of three runs, because other load on the machine affects it less."""
    took = []
    for _unused in range(3):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took)
