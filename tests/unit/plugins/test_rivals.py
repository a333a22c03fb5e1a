# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of the run that yields to another, with a fake table and a fake clock."""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import DISPATCH_RULE, INBOUND_TRUNK
from ansible_collections.telephony.livekit.plugins.module_utils._rivals import (
    PATIENCE_SECONDS,
    Written,
    rivals,
    yield_to_rivals,
)

NUMBER, OTHER = "+12025550100", "+12025550101"


def trunk(key, name, *numbers, **fields):
    return {"sip_trunk_id": key, "name": name, "numbers": list(numbers), **fields}


def rule(key, name, *trunks):
    return {"sip_dispatch_rule_id": key, "name": name, "trunk_ids": list(trunks)}


def created(*keys):
    kinds = {"S": INBOUND_TRUNK, "R": DISPATCH_RULE}
    return {key: Written(kinds[key[0]], key, None) for key in keys}


class Server:
    """A table that withdrawals change, and that the other run changes too, after `other_yields_after` seconds."""

    def __init__(self, trunks, rules=(), other_yields_after=None, other=""):
        self.table = {"inbound_trunk": list(trunks), "dispatch_rule": list(rules)}
        self.now = 0.0
        self.other_yields_after, self.other = other_yields_after, other
        self.withdrawn = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        if self.other_yields_after is not None and self.now >= self.other_yields_after:
            self._drop(self.other)

    def read(self):
        return {name: list(objects) for name, objects in self.table.items()}

    def withdraw(self, entry):
        self.withdrawn.append(entry.key)
        self._drop(entry.key)
        if entry.before is not None:
            self.table[entry.kind.name].append(entry.before)

    def _drop(self, key):
        for objects in self.table.values():
            objects[:] = [stored for stored in objects if key not in (*_ids(stored),)]

    def settle(self, written, known=()):
        return yield_to_rivals(written, known, self.read, self.withdraw, self)


def _ids(stored):
    return [stored[name] for name in ("sip_trunk_id", "sip_dispatch_rule_id") if name in stored]


def test_the_larger_id_yields_at_once():
    server, written = Server([trunk("S1", "a", NUMBER), trunk("S2", "b", NUMBER)]), created("S2")
    server.settle(written)
    assert server.withdrawn == ["S2"]
    assert written == {}
    assert server.now == 0


def test_the_smaller_id_waits_for_the_other():
    trunks = [trunk("S1", "a", NUMBER), trunk("S2", "b", NUMBER)]
    server, written = Server(trunks, other_yields_after=0.3, other="S2"), created("S1")
    table = server.settle(written)
    assert server.withdrawn == []
    assert [*written] == ["S1"]
    assert [stored["sip_trunk_id"] for stored in table["inbound_trunk"]] == ["S1"]
    assert 0.3 <= server.now < PATIENCE_SECONDS


def test_the_smaller_id_yields_when_the_other_does_nothing():
    server, written = Server([trunk("S1", "a", NUMBER), trunk("S2", "b", NUMBER)]), created("S1")
    server.settle(written)
    assert server.withdrawn == ["S1"]
    assert server.now >= PATIENCE_SECONDS


def test_a_rule_goes_before_its_trunk():
    trunks = [trunk("S1", "a", NUMBER), trunk("S2", "b", NUMBER)]
    server = Server(trunks, [rule("R1", "r", "S2"), rule("R2", "s", "S1")])
    server.settle(created("S2", "R1"))
    assert server.withdrawn == ["R1", "S2"]


def test_what_was_replaced_is_put_back():
    before = trunk("S2", "b", OTHER)
    server = Server([trunk("S1", "a", NUMBER), trunk("S2", "b", NUMBER)])
    server.settle({"S2": Written(INBOUND_TRUNK, "S2", before)})
    assert before in server.table["inbound_trunk"]


@pytest.mark.parametrize(
    ("one", "other", "known", "are_rivals"),
    [
        (trunk("S1", "a", NUMBER), trunk("S2", "b", "1-202-555-0100"), (), True),
        (trunk("S1", "a", NUMBER), trunk("S2", "b", NUMBER, allowed_numbers=[OTHER]), (), True),
        (trunk("S1", "a", NUMBER), trunk("S2", "b", OTHER), (), False),
        (trunk("S1", "a", NUMBER), trunk("S2", "a", OTHER), (), True),
        (trunk("S1", "a", NUMBER), trunk("S2", "a", OTHER), ("S2",), False),
        (trunk("S1", "a", NUMBER), trunk("S2", "b", NUMBER), ("S2",), True),
        (trunk("S1", "a"), trunk("S2", "b"), (), True),
        (trunk("S1", "a"), trunk("S2", "b", NUMBER), (), False),
    ],
)
def test_who_is_a_rival(one, other, known, are_rivals):
    found = rivals(created("S1"), known, {"inbound_trunk": [one, other], "dispatch_rule": []})
    assert found == ({"S1": ["S2"]} if are_rivals else {})


def test_rules_are_rivals_by_trunk_number_caller_and_pin():
    def of(**fields):
        other = {**rule("R2", "s", "S1"), **fields}
        return rivals(created("R1"), (), {"inbound_trunk": [], "dispatch_rule": [rule("R1", "r", "S1"), other]})

    assert of() == {"R1": ["R2"]}
    assert of(trunk_ids=["S1", "S2"]) == {"R1": ["R2"]}
    for fields in (
        {"trunk_ids": ["S2"]},
        {"numbers": [NUMBER]},
        {"inbound_numbers": [NUMBER]},
        {"rule": {"dispatch_rule_individual": {"pin": "1234"}}},
    ):
        assert of(**fields) == {}


def test_what_one_run_wrote_itself_is_no_rival():
    server = Server([trunk("S1", "a", NUMBER), trunk("S2", "a", NUMBER)])
    server.settle(created("S1", "S2"))
    assert server.withdrawn == []
