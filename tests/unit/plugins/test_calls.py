# SPDX-License-Identifier: GPL-3.0-or-later
"""The trunk and rule of a call, compared with the test cases that LiveKit publishes for its own matching.

The cases are trunkCases and dispatchCases in https://github.com/livekit/protocol/blob/main/sip/sip_test.go,
except for one with regular expressions, which no API can write.
"""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._addresses import source_allowed
from ansible_collections.telephony.livekit.plugins.module_utils._calls import (
    ACCEPT,
    ERROR,
    REFUSE,
    REQUEST_PIN,
    Call,
    Table,
)
from ansible_collections.telephony.livekit.plugins.module_utils._claims import (
    Claims,
    can_match_one_call,
    claims,
    written_twice,
)
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import DISPATCH_RULE, INBOUND_TRUNK

ONE, TWO, THREE, OTHER = "1202 555 0111", "1202 555 0122", "1202 555 0133", "1202 555 0144"


def trunk(key, number="", callers=(), addresses=(), **options):
    return {
        "sip_trunk_id": key,
        "numbers": [number] if number else [],
        "allowed_numbers": list(callers),
        "allowed_addresses": list(addresses),
        **options,
    }


def direct(room, pin="", **options):
    return {"rule": {"dispatch_rule_direct": {"room_name": room, "pin": pin}}, **options}


def individual(prefix, pin="", **options):
    return {"rule": {"dispatch_rule_individual": {"room_prefix": prefix, "pin": pin}}, **options}


def callee(prefix, pin="", **options):
    return {"rule": {"dispatch_rule_callee": {"room_prefix": prefix, "pin": pin}}, **options}


def numbered(rules):
    return [{"sip_dispatch_rule_id": f"rule_{index}", **rule} for index, rule in enumerate(rules)]


def conflicts(kind, objects):
    pairs = [(one, other) for index, one in enumerate(objects) for other in objects[:index]]
    return any(can_match_one_call(kind, *pair) for pair in pairs)


# name, trunks, matching trunk (None: none, "error": the server cannot decide), whether the table is valid, call
TRUNKS = [
    ("empty", [], None, True, {}),
    ("one wildcard", [trunk("aaa")], "aaa", True, {}),
    ("matching", [trunk("aaa", TWO)], "aaa", True, {}),
    ("matching inbound", [trunk("aaa", TWO, [ONE])], "aaa", True, {}),
    ("not matching", [trunk("aaa", THREE)], None, True, {}),
    ("not matching inbound", [trunk("aaa", TWO, [OTHER])], None, True, {}),
    ("one match", [trunk("aaa", THREE), trunk("bbb", TWO)], "bbb", True, {}),
    ("many matches", [trunk("aaa", THREE), trunk("bbb", TWO), trunk("ccc", TWO)], "error", False, {}),
    (
        "many matches default",
        [trunk("aaa", THREE), trunk("bbb"), trunk("ccc", TWO), trunk("ddd")],
        "ccc",
        False,
        {},
    ),
    ("inbound", [trunk("aaa", THREE), trunk("bbb", TWO), trunk("ccc", TWO, [OTHER])], "bbb", True, {}),
    ("multiple defaults", [trunk("aaa", THREE), trunk("bbb"), trunk("ccc")], "error", False, {}),
    ("ip exact", [trunk("bbb", TWO, (), ["198.51.100.10", "198.51.100.7"])], "bbb", True, {}),
    ("ip exact miss", [trunk("bbb", TWO, (), ["198.51.100.10"])], None, True, {}),
    ("ip mask", [trunk("bbb", TWO, (), ["198.51.101.0/24", "198.51.100.0/24"])], "bbb", True, {}),
    ("ip mask miss", [trunk("bbb", TWO, (), ["198.51.101.0/24"])], None, True, {}),
    ("host mask", [trunk("bbb", TWO, (), ["198.51.101.0/24", "sip.example.com"])], "bbb", True, {}),
    ("with plus", [trunk("aaa", "+" + THREE), trunk("bbb", "+" + TWO)], "bbb", True, {}),
    (
        "without plus",
        [trunk("aaa", THREE), trunk("bbb", TWO)],
        "bbb",
        True,
        {"caller": "+" + ONE, "called": "+" + TWO},
    ),
]
# The server accepts this table, but answers calls from a listed caller with 503. The collection rejects the table.
VALID_TO_LIVEKIT_ONLY = {"inbound"}

# name, rules, matching rule (None: the server rejects or cannot decide), whether the table is valid, trunk, PIN
RULES = [
    ("empty", [], None, True, "", ""),
    ("only trunk", [], None, True, "aaa", ""),
    ("one rule/no trunk", [direct("sip")], 0, True, "", ""),
    ("one rule/default trunk", [direct("sip")], 0, True, "aaa", ""),
    ("one rule/specific trunk", [direct("sip", trunk_ids=["aaa", "bbb"])], 0, True, "aaa", ""),
    ("one rule/wrong trunk", [direct("sip", trunk_ids=["zzz"])], None, True, "aaa", ""),
    (
        "direct pin/correct",
        [direct("sip", "123", trunk_ids=["aaa"]), direct("sip", "456", trunk_ids=["bbb"])],
        0,
        True,
        "aaa",
        "123",
    ),
    (
        "direct pin/wrong",
        [direct("sip", "123", trunk_ids=["aaa"]), direct("sip", "456", trunk_ids=["bbb"])],
        None,
        True,
        "aaa",
        "zzz",
    ),
    (
        "direct pin/conflict",
        [direct("sip1", "123", trunk_ids=["aaa"]), direct("sip2", "123", trunk_ids=["aaa", "bbb"])],
        None,
        False,
        "aaa",
        "123",
    ),
    (
        "direct pin/no conflict on different trunk",
        [direct("sip1", "123", trunk_ids=["aaa"]), direct("sip2", "123", trunk_ids=["bbb"])],
        0,
        True,
        "aaa",
        "123",
    ),
    (
        "direct pin/default and specific",
        [direct("sip1", "123"), direct("sip2", "123", trunk_ids=["aaa"])],
        1,
        True,
        "aaa",
        "123",
    ),
    ("direct/default and specific", [direct("sip1"), direct("sip2", trunk_ids=["aaa"])], 1, True, "aaa", ""),
    ("mixed 1", [direct("sip1", "123"), direct("sip2", trunk_ids=["aaa"])], 1, True, "aaa", ""),
    ("mixed 2", [direct("sip1"), direct("sip2", "123", trunk_ids=["aaa"])], 1, True, "aaa", ""),
    ("direct/multiple defaults", [direct("sip1"), direct("sip2")], None, False, "aaa", ""),
    ("inbound number specific", [direct("sip1"), direct("sip2", inbound_numbers=[ONE])], 1, True, "aaa", ""),
    (
        "inbound number specific pin",
        [direct("sip1", "123"), direct("sip2", "123", inbound_numbers=[ONE])],
        1,
        True,
        "aaa",
        "",
    ),
    (
        "inbound number specific conflict",
        [direct("sip1", inbound_numbers=[ONE]), direct("sip2", inbound_numbers=[ONE, TWO])],
        None,
        False,
        "aaa",
        "",
    ),
    ("open specific vs pin generic", [direct("1", "123"), direct("2", inbound_numbers=[ONE])], 1, True, "aaa", ""),
    ("direct vs individual/private", [individual("pref_", "123"), direct("sip", "123")], None, False, "aaa", ""),
    ("direct vs individual/open", [individual("pref_"), direct("sip")], None, False, "aaa", ""),
    ("direct vs individual/priority", [individual("pref_", "123"), direct("sip", "456")], 1, True, "aaa", "456"),
    ("number specific", [direct("sip_1"), direct("sip_2", numbers=[TWO])], 1, True, "aaa", ""),
    ("number specific pin", [direct("sip_1", "123"), direct("sip_2", "123", numbers=[TWO])], 1, True, "aaa", ""),
    (
        "number specific conflict",
        [direct("sip_1", numbers=[ONE]), direct("sip_2", numbers=[ONE, TWO])],
        None,
        False,
        "aaa",
        "",
    ),
    (
        "number + inbound number specific conflict",
        [
            direct("sip_1", numbers=[ONE], inbound_numbers=[ONE]),
            direct("sip_2", numbers=[ONE, TWO], inbound_numbers=[ONE]),
        ],
        None,
        False,
        "aaa",
        "",
    ),
    ("open specific number vs pin generic", [direct("1", "123"), direct("2", numbers=[TWO])], 1, True, "aaa", ""),
    (
        "open specific numbers vs pin generic",
        [direct("1", "123"), direct("2", numbers=[TWO], inbound_numbers=[ONE])],
        1,
        True,
        "aaa",
        "",
    ),
]


def call(**given):
    return Call(**{"called": TWO, "caller": ONE, "source": "198.51.100.7", "from_host": "sip.example.com", **given})


@pytest.mark.parametrize(("name", "trunks", "expected", "valid", "given"), TRUNKS, ids=[case[0] for case in TRUNKS])
def test_livekits_cases_of_trunks(name, trunks, expected, valid, given):
    decision = Table(trunks, []).decide(call(**given))
    found = "error" if decision.result == ERROR else decision.trunk and decision.trunk["sip_trunk_id"]
    assert found == expected
    assert conflicts(INBOUND_TRUNK, trunks) == (not valid or name in VALID_TO_LIVEKIT_ONLY)


@pytest.mark.parametrize(
    ("name", "rules", "expected", "valid", "trunk_id", "pin"), RULES, ids=[case[0] for case in RULES]
)
def test_livekits_cases_of_rules(name, rules, expected, valid, trunk_id, pin):
    rules = numbered(rules)
    table = Table([trunk(trunk_id, TWO)] if trunk_id else [], rules)
    # A rule with a PIN also matches a call without one, so that the caller can be asked for it.
    for given in {pin, ""} if expected is not None else {pin}:
        decision = table.decide(call(pin=given))
        assert (decision.rule and rules.index(decision.rule)) == expected
        if expected is not None:
            has_pin = "123" in str(rules[expected]) or "456" in str(rules[expected])
            assert decision.result == (REQUEST_PIN if has_pin and not given else ACCEPT)
        else:
            assert decision.result == (REFUSE if valid else ERROR)
    assert conflicts(DISPATCH_RULE, rules) == (not valid)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (trunk("a", "+12025550100"), trunk("b", "1-202-555-0100"), True),
        (trunk("a", "+12025550100"), trunk("b", "+12025550100", ["+12025550199"]), True),
        (trunk("a", "+12025550100", ["12025550199"]), trunk("b", "+12025550100", ["+1 (202) 555-0199"]), True),
        (trunk("a", "+12025550100", ["+12025550198"]), trunk("b", "+12025550100", ["+12025550199"]), False),
        (trunk("a", "+12025550100"), trunk("b"), False),
        (trunk("a"), trunk("b"), True),
        (trunk("a", callers=["+12025550199"]), trunk("b"), True),
        (trunk("a", callers=["+12025550199"]), trunk("b", callers=["+12025550198"]), False),
        # The server ignores addresses when it checks a table, and callers can forge the From header.
        (trunk("a", "100", (), ["198.51.100.1"]), trunk("b", "100", (), ["198.51.100.2"]), True),
        (trunk("a", "agent.desk"), trunk("b", "agent.desk"), True),
        (trunk("a", "agent.desk"), trunk("b", "Agent.desk"), False),
    ],
)
def test_trunks_that_can_match_one_call(one, other, meet):
    assert bool(can_match_one_call(INBOUND_TRUNK, one, other)) is meet
    assert bool(can_match_one_call(INBOUND_TRUNK, other, one)) is meet


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (direct("a", trunk_ids=["t1"]), individual("b", trunk_ids=["t2", "t1"]), True),
        (direct("a", trunk_ids=["t1"]), direct("b", trunk_ids=["t2"]), False),
        (direct("a", trunk_ids=["t1"]), direct("b"), False),
        (direct("a"), callee("b"), True),
        (direct("a", "1234"), direct("b"), False),
        (direct("a", "1234"), direct("b", "1234"), True),
        (direct("a", numbers=["+12025550100"]), direct("b", numbers=["12025550100"]), True),
        (direct("a", numbers=["+12025550100"]), direct("b"), False),
        (direct("a", inbound_numbers=["+12025550100"]), direct("b", numbers=["+12025550100"]), False),
        (direct("a", inbound_numbers=["1 202 555 0100"]), direct("b", inbound_numbers=["+12025550100"]), True),
    ],
)
def test_rules_that_can_match_one_call(one, other, meet):
    assert bool(can_match_one_call(DISPATCH_RULE, one, other)) is meet
    assert bool(can_match_one_call(DISPATCH_RULE, other, one)) is meet


def test_claims_forget_who_let_go():
    held = Claims()
    any_caller, one_caller = trunk("a", "100"), trunk("b", "100", ["200"])
    for stored in (any_caller, one_caller):
        for claim in claims(INBOUND_TRUNK, stored):
            held.add(stored["sip_trunk_id"], claim)
    (claim,) = claims(INBOUND_TRUNK, one_caller)
    assert held.rivals(claim) == {"a", "b"}
    assert held.rivals(claim, "b") == {"a"}
    held.discard("a", *claims(INBOUND_TRUNK, any_caller))
    assert held.rivals(claim, "b") == set()
    assert held.rivals(*claims(INBOUND_TRUNK, any_caller)) == {"b"}


def test_a_rule_that_lists_one_number_in_two_spellings_is_its_own_rival():
    rule = direct("a", numbers=["+12025550100", "12025550100", "+12025550101"])
    assert written_twice(rule) == ["+12025550100", "12025550100"]
    assert not written_twice(direct("a", numbers=["+12025550100"], inbound_numbers=["12025550100"]))
    decision = Table([trunk("t", "100")], numbered([rule])).decide(Call("100"))
    assert decision.result == ERROR
    assert "+12025550100, 12025550100" in decision.error


@pytest.mark.parametrize(
    ("source", "from_host", "masks", "allowed"),
    [
        ("198.51.100.7", "", [], True),
        ("198.51.100.7", "", ["198.51.100.0/24"], True),
        ("198.51.100.7", "", ["198.51.100.9/24"], True),
        ("198.51.100.7", "", ["198.51.100.0/255.255.255.0"], False),
        ("198.51.100.7", "", ["198.51.100.0/024"], False),
        ("198.51.100.7", "", ["198.51.100.0/33"], False),
        ("198.51.100.7", "", ["198.51.100.07"], False),
        ("198.51.100.7", "198.51.101.0/24", ["198.51.101.0/24"], True),  # callers can forge the From host
        ("198.51.100.7", "sip.example.net", ["sip.example.net"], True),
        ("198.51.100.7", "", ["198.51.100.8, 198.51.100.9"], True),  # the server drops this mask, and no other is left
        ("198.51.100.7", "", ["198.51.100.8 ", "198.51.100.9"], False),
        ("::ffff:198.51.100.7", "", ["198.51.100.0/24"], False),
        ("::ffff:198.51.100.7", "", ["::ffff:198.51.100.0/120"], True),
        ("2001:db8::7", "", ["2001:db8::/32"], True),
        ("fe80::1%eth0", "", ["fe80::/10"], False),
        ("fe80::1%eth0", "", ["fe80::1%eth0"], True),
        ("2001:db8::7", "", ["0.0.0.0/0"], False),
    ],
)
def test_sources_that_a_trunk_allows(source, from_host, masks, allowed):
    assert source_allowed(source, from_host, masks) is allowed


def room(rule, **given):
    decision = Table([], numbered([rule])).decide(Call(**{"called": "+12025550100", "caller": "+12025550199", **given}))
    return decision.room


def test_names_of_rooms():
    assert room(direct("desk")) == "desk"
    assert room(individual("call")) == "call_+12025550199_<random>"
    assert room(individual("")) == "+12025550199_<random>"
    assert room(individual("call", hide_phone_number=True)) == "call_0199_<random>"
    assert room(individual("call", hide_phone_number=True), caller="199") == "call_9_<random>"
    assert room(callee("line")) == "line_+12025550100"
    fixed = {"rule": {"dispatch_rule_individual": {"room_prefix": "call", "no_randomness": True}}}
    assert room(fixed) == "call_+12025550199"
    shuffled = {"rule": {"dispatch_rule_callee": {"randomize": True}}}
    assert room(shuffled) == "+12025550100_<random>"


def test_each_object_that_does_not_take_a_call_has_a_reason():
    trunks = [
        trunk("one", "+12025550100", addresses=["198.51.100.0/24"]),
        trunk("two", "+12025550101"),
        trunk("three", "+12025550100", ["+12025550150"]),
    ]
    rules = numbered(
        [
            individual("a", trunk_ids=["one"]),
            individual("b", trunk_ids=["two"]),
            individual("c", trunk_ids=["one"], numbers=["12025550100"]),
            individual("d"),
            individual("e", "4711", trunk_ids=["one"]),
            individual("f", trunk_ids=["one"], inbound_numbers=["+12025550100"]),
        ]
    )
    decision, of_trunks, of_rules = Table(trunks, rules).explain(
        Call("+12025550100", "+12025550199", "198.51.100.7", no_pin=True)
    )
    assert (decision.result, decision.trunk, decision.rule) == (ACCEPT, trunks[0], rules[0])
    reasons = {verdict.stored["sip_trunk_id"]: verdict.reason for verdict in of_trunks}
    assert reasons["one"] is None
    assert (reasons["two"].code, reasons["three"].code) == ("number", "caller")
    assert "+12025550101" in reasons["two"].text
    assert "+12025550150" in reasons["three"].text
    codes = [verdict.reason and verdict.reason.code for verdict in of_rules]
    assert codes == [None, "trunk", "number", "priority", "pin", "caller"]
    assert "12025550100" in of_rules[2].reason.text
    assert "character by character" in of_rules[2].reason.text
    assert "4711" not in str([verdict.reason for verdict in of_rules])
    refused = Table(trunks, rules[:1]).explain(Call("+12025550100", source="203.0.113.9"))
    assert refused[0].result == REFUSE
    assert "203.0.113.9 is in none of its allowed_addresses (198.51.100.0/24)" in refused[1][0].reason.text


def test_empty_texts_in_lists_are_no_wildcards():
    """Other tools store empty strings, and livekit-server compares them like any other string."""
    lists = [trunk("one", "+12025550100", ["", "+12025550199"]), trunk("any")]
    lists.append({**trunk("empty"), "numbers": ["", "+12025550101"]})
    table = Table(lists, [])

    def taken(called, caller):
        return (table.decide(Call(called, caller)).trunk or {}).get("sip_trunk_id")

    assert taken("+12025550100", "+12025550199") == taken("+12025550100", "") == "one"
    assert taken("+12025550100", "+12025550198") == "any"
    assert taken("", "") == "empty"
