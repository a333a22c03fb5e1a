# SPDX-License-Identifier: GPL-3.0-or-later
"""The planner, without a server or Ansible."""

from __future__ import annotations

import random
import time

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._claims import Claims, claims, pin_of
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import DISPATCH_RULE, INBOUND_TRUNK, KINDS
from ansible_collections.telephony.livekit.plugins.module_utils._objects import Item
from ansible_collections.telephony.livekit.plugins.module_utils._order import NEW
from ansible_collections.telephony.livekit.plugins.module_utils._plan import Desired, Plan, PlanError, plan
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

NUMBERS = [f"+1202555010{digit}" for digit in range(6)]
NAMES = ["a", "b", "c", "d"]


def trunk(key, name, *numbers, **fields):
    return {"sip_trunk_id": key, "name": name, "numbers": list(numbers), **fields}


def rule(key, name, *trunks, pin="", **fields):
    return {
        "sip_dispatch_rule_id": key,
        "name": name,
        "trunk_ids": list(trunks),
        "rule": {"dispatch_rule_individual": {"room_prefix": "call-", "pin": pin}},
        **fields,
    }


def table(trunks=(), rules=()):
    return {"inbound_trunk": list(trunks), "outbound_trunk": [], "dispatch_rule": list(rules)}


def wishes(trunks=None, rules=None, purge=False, state="present"):
    wanted = {}
    for kind, options_list in ((INBOUND_TRUNK, trunks), (DISPATCH_RULE, rules)):
        if options_list is not None:
            items = [Item.from_options(kind, options) for options in options_list]
            wanted[kind.name] = Desired(items, state, purge)
    return wanted


def wanted_rule(name, *trunks, **options):
    return {"name": name, "trunks": list(trunks), "individual": {"room_prefix": "call-"}, **options}


def states(current, planned: Plan):
    """Each write, and the table that a server would have after it. The server gives new objects their ids."""
    tables = {name: {stored[KINDS[name].id_field]: stored for stored in objects} for name, objects in current.items()}
    for step in planned.steps:
        objects = tables[step.kind.name] = dict(tables[step.kind.name])
        if step.body is None:
            del objects[step.key]
        else:
            assert (step.key in objects) == (step.action == "replace")
            objects[step.key] = {**step.body, step.kind.id_field: step.key}
        tables = dict(tables)
        yield step, tables


def final_table(current, planned):
    tables = {name: {stored[KINDS[name].id_field]: stored for stored in objects} for name, objects in current.items()}
    for _step, after in states(current, planned):
        tables = after
    return {name: list(objects.values()) for name, objects in tables.items()}


def assert_safe(tables):
    """No call matches two objects, no trunk lacks numbers, and no rule lacks trunks or names a missing one."""
    for kind in (INBOUND_TRUNK, DISPATCH_RULE):
        held = Claims()
        for key, stored in tables[kind.name].items():
            for claim in claims(kind, stored):
                assert not held.rivals(claim, key), f"{claim} is claimed twice"
                held.add(key, claim)
    for stored in tables["inbound_trunk"].values():
        assert stored["numbers"], "an empty trunk catches everything"
    for stored in tables["dispatch_rule"].values():
        assert stored["trunk_ids"], "a rule without trunks answers strangers"
        assert set(stored["trunk_ids"]) <= set(tables["inbound_trunk"]), "a rule points at nothing"


@st.composite
def tables_(draw):
    """A valid table: trunks with some numbers each, and rules that divide the trunks among themselves."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    numbers = draw(st.permutations(NUMBERS))
    cuts = sorted(draw(st.lists(st.integers(1, len(NUMBERS)), unique=True, min_size=len(names), max_size=len(names))))
    trunks, rules, start = [], {}, 0
    for name, cut in zip(names, cuts, strict=True):
        trunks.append((name, numbers[start:cut]))
        start = cut
        rules.setdefault(draw(st.sampled_from(["r", "s", None])), []).append(name)
    rules.pop(None, None)
    return trunks, [(name, trunks, draw(st.sampled_from(["", "1234"]))) for name, trunks in rules.items()]


def route(tables, number):
    """The trunk and the rules that match a call to this number."""
    for key, stored in tables["inbound_trunk"].items():
        if number in stored["numbers"]:
            rules = tables["dispatch_rule"].items()
            return key, sorted(rule for rule, it in rules if key in it["trunk_ids"] and not it.get("numbers"))
    return None


def as_current(drawn):
    trunks, rules = drawn
    return table(
        [trunk(f"ST_{name}", name, *numbers) for name, numbers in trunks],
        [rule(f"SDR_{name}", name, *(f"ST_{trunk}" for trunk in trunks), pin=pin) for name, trunks, pin in rules],
    )


def as_wishes(drawn):
    trunks, rules = drawn
    return wishes(
        [{"name": name, "numbers": numbers} for name, numbers in trunks],
        [wanted_rule(name, *trunks, individual={"room_prefix": "call-", "pin": pin}) for name, trunks, pin in rules],
        purge=True,
    )


# Trunks of two rules that swap one trunk and their PINs, and keep their other trunk.
SWAPPED = [(name, [number]) for name, number in zip("abcd", NUMBERS, strict=False)]


def planned_or_refused(current, wanted):
    """The plan. An example is skipped if no order of writes is safe for calls."""
    try:
        return plan(current, wanted)
    except PlanError as error:
        assume(error.code == "unorderable")
        assume(False)


@settings(max_examples=120, deadline=None)
@given(tables_(), tables_())
@example(
    before=(SWAPPED, [("s", ["a", "d"], "1234"), ("r", ["b", "c"], "")]),
    after=(SWAPPED, [("s", ["a", "c"], ""), ("r", ["b", "d"], "1234")]),
)
def test_a_whole_table_converges_safely(before, after):
    current = as_current(before)
    planned = planned_or_refused(current, as_wishes(after))
    history = [planned.before, *(tables for _step, tables in states(current, planned))]
    for tables in history:
        assert_safe(tables)
    for number in NUMBERS:
        if route(history[0], number) == route(history[-1], number):
            assert all(route(tables, number) == route(history[0], number) for tables in history), number
    result = final_table(current, planned)
    assert plan(result, as_wishes(after)).steps == []
    assert sorted((stored["name"], sorted(stored["numbers"])) for stored in result["inbound_trunk"]) == sorted(
        (name, sorted(numbers)) for name, numbers in after[0]
    )
    assert sorted(stored["name"] for stored in result["dispatch_rule"]) == sorted(name for name, *_unused in after[1])


CALLERS = ["+12025550150", "+12025550151"]


@st.composite
def callers_(draw):
    """A valid table in which each number accepts any caller, or only some callers."""
    trunks = {}
    for number in NUMBERS[:3]:
        for callers in draw(st.sampled_from([[], [[]], [CALLERS], [CALLERS[:1]], [CALLERS[:1], CALLERS[1:]]])):
            taken = {name for name, fields in trunks.items() if number in fields["numbers"]}
            name = draw(st.sampled_from([name for name in NAMES if name not in taken]))
            # A trunk has one list of callers.
            if trunks.get(name, {}).get("allowed_numbers", callers) == callers:
                trunks.setdefault(name, {"name": name, "numbers": [], "allowed_numbers": callers})
                trunks[name]["numbers"].append(number)
    return list(trunks.values())


@settings(max_examples=250, deadline=None)
@given(callers_(), callers_())
@example(
    before=[{"name": "a", "numbers": NUMBERS[:1], "allowed_numbers": []}],
    after=[{"name": caller, "numbers": NUMBERS[:1], "allowed_numbers": [caller]} for caller in CALLERS],
)
def test_trunks_of_callers_converge_safely(before, after):
    current = table([{"sip_trunk_id": f"ST_{fields['name']}", **fields} for fields in before])
    try:
        planned = plan(current, wishes(after, [], purge=True))
    except PlanError as error:
        assume(error.code in ("ambiguous", "unorderable"))  # either of two trunks may be the renamed one
        return
    for _step, tables in states(current, planned):
        assert_safe(tables)
    assert plan(final_table(current, planned), wishes(after, [], purge=True)).steps == []


@settings(max_examples=60, deadline=None)
@given(tables_(), tables_())
def test_calls_that_are_asked_for_a_pin_before_and_after_always_are(before, after):
    current = as_current(before)
    planned = planned_or_refused(current, as_wishes(after))
    history = [planned.before, *(tables for _step, tables in states(current, planned))]

    def asks(tables, number):
        _trunk, rules = route(tables, number) or ("", [])
        return [bool(pin_of(tables["dispatch_rule"][rule])) for rule in rules]

    for number in NUMBERS:
        if all(any(asks(tables, number)) for tables in (history[0], history[-1])):
            for tables in history:
                assert any(asks(tables, number)) or not asks(tables, number), number


@settings(max_examples=40, deadline=None)
@given(tables_(), tables_(), st.randoms())
def test_the_order_of_the_input_does_not_matter(before, after, shuffler):
    current, mixed_current = as_current(before), as_current(before)
    wanted, mixed = as_wishes(after), as_wishes(after)
    for objects in mixed_current.values():
        shuffler.shuffle(objects)
    for wish in mixed.values():
        shuffler.shuffle(wish.items)

    def outcome(table, wish):
        ends = final_table(table, planned_or_refused(table, wish))
        objects = [stored for objects in ends.values() for stored in objects]
        return sorted(str({**stored, "numbers": sorted(stored.get("numbers") or [])}) for stored in objects)

    assert outcome(current, wanted) == outcome(mixed_current, mixed)


@settings(max_examples=120, deadline=None)
@given(tables_(), st.randoms())
def test_what_is_as_wanted_is_not_written(drawn, shuffler):
    current, wanted = as_current(drawn), as_wishes(drawn)
    for stored in current["inbound_trunk"]:
        shuffler.shuffle(stored["numbers"])
    assert plan(current, wanted).steps == []


def test_numbers_that_move_in_a_ring_of_a_thousand():
    """Each trunk passes its number to the next: one write parks a number, and each trunk waits for another."""
    count = 1000
    current = table([trunk(f"ST_{index}", f"t{index}", f"+{index}") for index in range(count)])
    wanted = wishes([{"name": f"t{(index + 1) % count}", "numbers": [f"+{index}"]} for index in range(count)])
    planned = plan(current, wanted)
    assert sum(step.parked for step in planned.steps) == 1
    assert len(planned.steps) == count + 1


def test_a_split_serves_unchanged_numbers_throughout():
    current = table([trunk("ST_1", "a", *NUMBERS)], [rule("SDR_1", "ra", "ST_1")])
    planned = plan(
        current,
        wishes(
            [{"name": "a", "numbers": NUMBERS[:3]}, {"name": "b", "numbers": NUMBERS[3:]}],
            [wanted_rule("rb", "b")],
        ),
    )
    assert [(step.action, step.kind.name, step.parked) for step in planned.steps] == [
        ("create", "inbound_trunk", True),
        ("create", "dispatch_rule", False),
        ("replace", "inbound_trunk", False),
        ("replace", "inbound_trunk", False),
    ]
    for _step, tables in states(current, planned):
        assert_safe(tables)
        served = [key for key, stored in tables["inbound_trunk"].items() if NUMBERS[0] in stored["numbers"]]
        assert served == ["ST_1"]


def test_a_trunk_goes_after_its_rule():
    current = table([trunk("ST_1", "a", NUMBERS[0])], [rule("SDR_1", "ra", "ST_1")])
    planned = plan(current, wishes([], [], purge=True))
    assert [step.kind for step in planned.steps] == [DISPATCH_RULE, INBOUND_TRUNK]


def test_a_new_trunk_is_known_to_its_rule_by_name():
    planned = plan(table(), wishes([{"name": "a", "numbers": NUMBERS[:1]}], [wanted_rule("ra", "a")]))
    assert planned.steps[1].body["trunk_ids"] == [planned.steps[0].key]
    assert planned.steps[0].key.startswith(NEW)


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        (["+12025550100"], "12025550100"),
        (["+12025550100"], "1 (202) 555-0100"),
        (["1-202-555-0100"], "+12025550100"),
    ],
)
def test_the_same_number_written_otherwise_conflicts(stored, written):
    with pytest.raises(PlanError, match="both claim the number") as error:
        plan(table([trunk("ST_1", "a", *stored)]), wishes([{"name": "b", "numbers": [written]}]))
    assert error.value.code == "conflict"


def test_one_number_for_different_callers_is_no_conflict():
    current = table([trunk("ST_1", "a", NUMBERS[0], allowed_numbers=[NUMBERS[2]])])
    plan(current, wishes([{"name": "b", "numbers": NUMBERS[:1], "allowed_numbers": [NUMBERS[1]]}]))


def test_any_caller_and_one_conflict():
    current = table([trunk("ST_1", "a", NUMBERS[0])])
    with pytest.raises(PlanError, match=f"both claim the number .{NUMBERS[0]} from .{NUMBERS[1]}") as error:
        plan(current, wishes([{"name": "b", "numbers": NUMBERS[:1], "allowed_numbers": [NUMBERS[1]]}]))
    assert error.value.code == "conflict"


def test_two_trunks_of_one_name_must_be_told_apart_by_id():
    current = table([trunk("ST_2", "a", NUMBERS[0]), trunk("ST_1", "a", NUMBERS[1])])
    with pytest.raises(PlanError, match="ST_1, ST_2") as error:
        plan(current, wishes([{"name": "a", "metadata": "m"}]))
    assert error.value.code == "ambiguous"
    assert plan(current, wishes([{"id": "ST_2", "metadata": "m"}])).steps[0].key == "ST_2"


def test_a_conflict_that_was_there_before_and_stays_untouched_is_not_ours():
    current = table([trunk("ST_1", "a", NUMBERS[0]), trunk("ST_2", "b", NUMBERS[0])])
    planned = plan(current, wishes([{"name": "c", "numbers": [NUMBERS[1]]}]))
    assert planned.steps
    (warning,) = planned.warnings
    assert "'a' and inbound trunk 'b'" in warning


def test_nothing_is_said_of_trunks_that_a_check_assumes():
    current = table([{"sip_trunk_id": f"{NEW}a", "name": "a", "numbers": [f"{NEW}a"]}])
    assert plan(current, wishes(rules=[wanted_rule("r", "a", numbers=[NUMBERS[0]])])).warnings == []


def test_a_rule_keeps_its_pin_and_prefix_when_its_kind_changes():
    current = table([trunk("ST_1", "a", NUMBERS[0])], [rule("SDR_1", "r", "ST_1", pin="1234")])
    (step,) = plan(current, wishes(rules=[{"name": "r", "callee": {"randomize": True}}])).steps
    assert step.body["rule"] == {"dispatch_rule_callee": {"room_prefix": "call-", "pin": "1234", "randomize": True}}


def test_a_password_that_the_server_does_not_return_is_sent_again_with_other_changes():
    current = table([trunk("ST_1", "a", NUMBERS[0], auth_username="u", auth_password="")])
    same = wishes([{"name": "a", "auth_username": "u", "auth_password": "p"}])
    assert plan(current, same, update_password=False).steps == []
    changed = wishes([{"name": "a", "auth_username": "u", "auth_password": "p", "metadata": "m"}])
    assert plan(current, changed, update_password=False).steps[0].body["auth_password"] == "p"


def test_ten_thousand_trunks_plan_in_seconds():
    count = 10_000
    current = table([trunk(f"ST_{index}", f"t{index}", f"+{index}") for index in range(count)])
    options = [{"name": f"t{index}", "numbers": [f"+{index}"], "metadata": "m"} for index in range(count)]
    random.Random(1).shuffle(options)
    assert len(plan(current, wishes(options)).steps) == count


def test_five_thousand_lines_plan_in_seconds():
    count = 5_000
    current = table(
        [trunk(f"ST_{index}", f"t{index}", f"+{index}") for index in range(count)],
        [rule(f"SDR_{index}", f"r{index}", f"ST_{index}", numbers=[f"+{index}"]) for index in range(count)],
    )
    wanted = wishes(rules=[wanted_rule(f"r{index}", f"t{index}", metadata="m") for index in range(count)])
    began = time.process_time()
    assert len(plan(current, wanted).steps) == count
    # It takes two seconds, but a minute if each rule is compared with every trunk.
    assert time.process_time() - began < 20


@settings(max_examples=150, deadline=None)
@given(tables_(), tables_(), st.sets(st.sampled_from(NAMES)))
def test_without_purge_a_run_is_safe_or_refused(before, after, only):
    """A run is refused before its first write, or none of its writes leads to an unsafe state."""
    trunks, rules = after
    wanted = as_wishes(
        ([entry for entry in trunks if entry[0] in only], [entry for entry in rules if only.issuperset(entry[1])])
    )
    for wish in wanted.values():
        wish.purge = False
    current = as_current(before)
    try:
        planned = plan(current, wanted)
    except PlanError as error:
        assume(error.code in ("conflict", "unorderable"))
        return
    for _step, tables in states(current, planned):
        assert_safe(tables)
    assert plan(final_table(current, planned), wanted).steps == []


def test_a_swap_puts_aside_only_what_moves():
    one, two, three = NUMBERS[:3]
    current = table([trunk("ST_1", "a", one, two), trunk("ST_2", "b", three)])
    planned = plan(current, wishes([{"name": "a", "numbers": [one, three]}, {"name": "b", "numbers": [two]}]))
    assert any(step.parked for step in planned.steps)
    for _step, tables in states(current, planned):
        assert_safe(tables)
        assert one in tables["inbound_trunk"]["ST_1"]["numbers"]


def test_rules_that_swap_trunks_keep_the_others():
    trunks = [trunk(f"ST_{name}", name, number) for name, number in zip("abc", NUMBERS, strict=False)]
    current = table(trunks, [rule("SDR_1", "r", "ST_a", "ST_b"), rule("SDR_2", "s", "ST_c")])
    planned = plan(current, wishes(rules=[wanted_rule("r", "a", "c"), wanted_rule("s", "b")]))
    assert any(step.parked for step in planned.steps)
    for _step, tables in states(current, planned):
        assert_safe(tables)
        assert "SDR_1" in route(tables, NUMBERS[0])[1]


def test_a_rule_whose_calls_pass_to_a_new_name_is_changed_in_place():
    """The renamed rule keeps no options of the old one."""
    current = table(
        [trunk("ST_1", "a", NUMBERS[0])],
        [rule("SDR_1", "r", "ST_1", pin="1234", metadata="m"), rule("SDR_2", "s", "ST_1")],
    )
    new = wanted_rule("new", "a", individual={"room_prefix": "new-", "pin": "1234"})
    (step,) = plan(current, wishes(rules=[new, wanted_rule("s", "a")], purge=True)).steps
    assert (step.action, step.key, step.body["name"]) == ("replace", "SDR_1", "new")
    assert "metadata" not in step.body


def test_a_number_that_moves_is_named_and_waits_for_one_write():
    current = table(
        [trunk("ST_1", "a", *NUMBERS[:2]), trunk("ST_2", "b", NUMBERS[2])], [rule("SDR_1", "r", "ST_1", "ST_2")]
    )
    wanted = wishes([{"name": "a", "numbers": NUMBERS[:1]}, {"name": "b", "numbers": NUMBERS[1:3]}])
    assert [step.interrupts for step in plan(current, wanted).steps] == [[NUMBERS[1]], []]


def test_a_number_does_not_move_with_its_pin_over_an_open_wildcard():
    current = table(
        [trunk("ST_1", "a", *NUMBERS[:2]), trunk("ST_2", "b", NUMBERS[2])],
        [rule("SDR_1", "r", "ST_1", "ST_2", pin="1234"), rule("SDR_2", "w")],
    )
    wanted = wishes([{"name": "a", "numbers": NUMBERS[:1]}, {"name": "b", "numbers": NUMBERS[1:3]}])
    with pytest.raises(PlanError, match=f"calls to .{NUMBERS[1][1:]} would be accepted without a PIN") as error:
        plan(current, wanted)
    assert error.value.code == "unorderable"


def test_a_rule_on_its_way_to_another_number_asks_nobody_else():
    """With both trunks and any number, the rule would ask for a PIN from callers that are rejected before and after."""
    current = table(
        [trunk("ST_1", "a", *NUMBERS[:2]), trunk("ST_2", "b", NUMBERS[2])],
        [rule("SDR_1", "r", "ST_1", pin="1234", inbound_numbers=[NUMBERS[5]])],
    )
    moved = wanted_rule("r", "b", individual={"pin": "1234"}, numbers=[NUMBERS[0]], inbound_numbers=[NUMBERS[5]])
    wanted = wishes(
        [{"name": "a", "numbers": [NUMBERS[1]]}, {"name": "b", "numbers": [NUMBERS[2], NUMBERS[0]]}], [moved]
    )
    for _step, tables in states(current, plan(current, wanted)):
        (stored,) = tables["dispatch_rule"].values()
        assert "ST_2" not in stored["trunk_ids"] or stored["numbers"] == [NUMBERS[0]]
