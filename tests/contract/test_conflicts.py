# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that match the same call: the modules refuse to create them, and warn about existing ones.

A real livekit-server decides how each call is handled.
"""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _run, _server

from tests.support.oracle import Oracle

A, B, C = "+12025550100", "+12025550101", "+12025550102"
ONE, OTHER = "+12025550150", "+12025550151"
PREFIX = {"dispatch_rule_individual": {"room_prefix": "call-"}}


@pytest.fixture(scope="module")
def oracle(running_livekit):
    with Oracle(running_livekit) as asked:
        yield asked


def trunk(name, *numbers, **options):
    return {"name": name, "numbers": list(numbers), **options}


def rule(name, *trunks, **options):
    return {"name": name, "trunks": list(trunks), "individual": {"room_prefix": "call-"}, **options}


def stored(livekit):
    return [livekit.twirp("SIP", f"ListSIP{what}")[1] for what in ("InboundTrunk", "DispatchRule")]


def given_to_server(oracle, trunks, rules):
    """Store objects on the server, including those that its API would refuse."""
    oracle.store(
        [{"sip_trunk_id": f"ST_{trunk['name']}", **trunk} for trunk in trunks],
        [{"sip_dispatch_rule_id": f"SDR_{name}", "name": name, "rule": PREFIX, **fields} for name, fields in rules],
    )


PAIRS = {
    "any caller and one": (trunk("a", A), trunk("b", A, allowed_numbers=[ONE])),
    "any caller and one in another spelling": (trunk("a", "1-202-555-0100"), trunk("b", A, allowed_numbers=[ONE])),
    "one caller in two spellings": (
        trunk("a", A, allowed_numbers=[ONE]),
        trunk("b", A, allowed_numbers=["1 (202) 555-0150"]),
    ),
    "any number for any caller and one": (
        {"name": "a", "allowed_addresses": ["198.51.100.0/24"]},
        {"name": "b", "allowed_addresses": ["198.51.100.0/24"], "allowed_numbers": [ONE]},
    ),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_trunks_for_one_call_are_refused(livekit, modules, oracle, pair):
    given_to_server(oracle, pair, [])
    assert "auth_error" in oracle.ask(A, **{"from": ONE}), "the server lets neither have the call"
    for first, second in (pair, pair[::-1]):
        livekit.flush()
        assert modules.routing(inbound_trunks=[first])["changed"]
        before = stored(livekit)
        for run in (
            modules.trunk(**second),
            modules.routing(inbound_trunks=[second]),
            modules.routing(check=True, inbound_trunks=[first, second], purge=True),
        ):
            assert run["failure"]["code"] == "conflict"
            assert "'a' and 'b'" in run["msg"]
        assert stored(livekit) == before


MOVES = {
    "a caller gets a trunk of its own": (
        [trunk("a", A)],
        [trunk("a", A, allowed_numbers=[OTHER]), trunk("b", A, allowed_numbers=[ONE])],
    ),
    "callers are joined": (
        [trunk("a", A, allowed_numbers=[OTHER]), trunk("b", A, allowed_numbers=[ONE])],
        [trunk("a", A), trunk("b", B)],
    ),
    "a swap of any caller and one": (
        [trunk("a", A), trunk("b", B, allowed_numbers=[ONE])],
        [trunk("a", B), trunk("b", A, allowed_numbers=[ONE])],
    ),
    "a ring": (
        [trunk("a", A), trunk("b", B, allowed_numbers=[ONE]), trunk("c", C)],
        [trunk("a", B), trunk("b", C, allowed_numbers=[OTHER]), trunk("c", A, allowed_numbers=[ONE])],
    ),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_no_moment_has_two_trunks_for_one_call(modules, oracle, monkeypatch, move):
    before, after = move
    modules.routing(inbound_trunks=before)
    write, asked = _server.Server.write, []

    def write_and_ask(server, step, key, body):
        answer = write(server, step, key, body)
        asked.extend(oracle.ask(number, **{"from": caller}) for number in (A, B, C) for caller in (ONE, OTHER))
        return answer

    monkeypatch.setattr(_server.Server, "write", write_and_ask)
    monkeypatch.setattr(_run, "PARALLEL_WRITES", 1)
    assert modules.routing(inbound_trunks=after)["changed"]
    assert asked
    assert [decision for decision in asked if "auth_error" in decision] == []


# The objects on the server, and text that the warning contains.
STANDING = {
    "two trunks": (
        [trunk("a", A), trunk("b", A)],
        [("r", {"trunk_ids": ["ST_a"]})],
        ["'a' and inbound trunk 'b' both match calls to +12025550100", "[trunks_conflict]"],
    ),
    "two trunks, one of them for one caller": (
        [trunk("a", A), trunk("b", A, allowed_numbers=[ONE])],
        [("r", {"trunk_ids": ["ST_a"]})],
        ["'a' and inbound trunk 'b' both match calls to +12025550100 from +12025550150", "[trunks_conflict]"],
    ),
    "two rules": (
        [trunk("a", A)],
        [("r", {"trunk_ids": ["ST_a"]}), ("s", {"trunk_ids": ["ST_a"]})],
        ["'r' and dispatch rule 's' both match calls", "[rules_conflict]"],
    ),
    "a rule that is its own rival": (
        [trunk("a", A)],
        [("r", {"trunk_ids": ["ST_a"], "numbers": [A, "12025550100"]})],
        ["'r' lists", "[rule_is_own_rival]"],
    ),
    "a rule for every trunk": (
        [trunk("a", A)],
        [("r", {})],
        ["'r' names no trunk", "[rule_answers_anybody]"],
    ),
    "a rule whose trunk is gone": (
        [trunk("a", A)],
        [("r", {"trunk_ids": ["ST_gone"]})],
        ["'r' names ST_gone", "[trunk_missing]"],
    ),
}


@pytest.mark.parametrize("standing", STANDING.values(), ids=STANDING)
def test_what_stands_already_is_told_and_left(livekit, modules, oracle, standing):
    trunks, rules, words = standing
    given_to_server(oracle, trunks, rules)
    before = stored(livekit)
    for check in (True, False):
        run = modules.routing(check=check, inbound_trunks=[trunk("new", C)], dispatch_rules=[])
        assert run["changed"], run
        warnings = [warning for warning in run["warnings"] if words[-1] in warning]
        assert len(warnings) == 1
        assert all(word in warnings[0] for word in words)
    after = stored(livekit)
    for kind_before, kind_after in zip(before, after, strict=True):
        assert [item for item in kind_after["items"] if item["name"] != "new"] == kind_before["items"]


@pytest.mark.parametrize("standing", STANDING.values(), ids=STANDING)
def test_an_export_of_it_changes_nothing(livekit, modules, oracle, standing):
    trunks, rules, words = standing
    given_to_server(oracle, trunks, rules)
    before = stored(livekit)
    exported = modules.run("livekit_sip_info")["export"]
    for check in (True, False):
        run = modules.routing(
            check=check,
            purge=True,
            inbound_trunks=exported["livekit_routing_inbound_trunks"],
            dispatch_rules=exported["livekit_routing_dispatch_rules"],
        )
        assert not run.get("failed"), run
        assert not run["changed"]
        # any_trunk: true in a playbook is deliberate and causes no warning.
        said = "[rule_answers_anybody]" in words
        assert said != any(words[-1] in warning for warning in run.get("warnings", ()))
    assert stored(livekit) == before


def test_a_change_of_what_stands_in_conflict_ends_it_or_is_refused(livekit, modules, oracle):
    given_to_server(oracle, [trunk("a", A), trunk("b", A)], [])
    refused = modules.trunk(**trunk("b", A, metadata="m"))
    assert refused["failure"]["code"] == "conflict"
    assert "'a' and 'b' both claim" in refused["msg"]
    assert modules.trunk(**trunk("b", B))["changed"]
    assert "auth_error" not in oracle.ask(A)


def test_a_run_ends_a_conflict_before_it_changes_what_the_server_judges_with_it(livekit, modules, oracle):
    given_to_server(
        oracle,
        [trunk("a", A)],
        [(name, {"trunk_ids": ["ST_a"]}) for name in ("r", "s")] + [("t", {"trunk_ids": ["ST_a"], "numbers": [A]})],
    )
    wanted = [{**rule("t", "a", numbers=[A]), "metadata": "m"}]
    refused = modules.routing(dispatch_rules=wanted)
    assert refused["failure"]["code"] == "conflict", "the server refuses to store a rule of that trunk"
    assert "'r' and 's'" in refused["msg"]
    done = modules.routing(dispatch_rules=[*wanted, rule("r", "a")], purge=True)
    assert not done.get("failed"), done
    assert oracle.ask(A)["result"] == "ACCEPT"


def test_numbers_that_do_not_meet_are_told(modules):
    modules.routing(inbound_trunks=[trunk("a", A)], dispatch_rules=[rule("r", "a")])
    for options, words in (
        ({"numbers": [B]}, "which none of its trunks has"),
        ({"numbers": [A[1:]]}, "rules compare character by character"),
        ({"inbound_numbers": [A]}, "but a trunk has it"),
    ):
        for _written, told in ((True, words), (False, words)):
            run = modules.dispatch(**rule("r", "a", **{"numbers": [], "inbound_numbers": [], **options}))
            assert any(told in warning for warning in run["warnings"]), run
    assert "warnings" not in modules.dispatch(**rule("r", "a", numbers=[A], inbound_numbers=[]))


@pytest.mark.parametrize("standing", ["two rules", "a rule that is its own rival"])
def test_a_new_rule_that_the_server_would_refuse_is_refused_before_anything_is_written(
    livekit, modules, oracle, standing
):
    trunks, rules, _words = STANDING[standing]
    given_to_server(oracle, [*trunks, trunk("c", C)], [*rules, ("other", {"trunk_ids": ["ST_c"]})])
    before = stored(livekit)
    new = {"dispatchRule": {"name": "new", "trunkIds": ["ST_c"], "numbers": [C], "rule": PREFIX}}
    status, _body = livekit.twirp("SIP", "CreateSIPDispatchRule", new)
    assert status == 400
    for check in (True, False):
        refused = modules.routing(
            check=check, inbound_trunks=[trunk("new", B)], dispatch_rules=[rule("new", "c", numbers=[C])]
        )
        assert refused["failure"]["code"] == "conflict"
        assert "'r'" in refused["msg"]
    assert stored(livekit) == before
    # A rule on another trunk can still be changed.
    assert modules.dispatch(**rule("other", "c", metadata="m"))["changed"]
