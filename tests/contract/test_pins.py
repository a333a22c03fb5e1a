# SPDX-License-Identifier: GPL-3.0-or-later
"""PINs move between rules: a call that needs a PIN before and after a run also needs one after each write."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _run, _server

from tests.support.modules import run_and_repeat
from tests.support.oracle import Oracle

A, B = "+12025550100", "+12025550101"
PINS = ["", "1111", "2222"]


@pytest.fixture(scope="module")
def oracle(running_livekit):
    with Oracle(running_livekit) as asked:
        yield asked


def rule(name, *trunks, pin="", **options):
    return {"name": name, "trunks": list(trunks), "individual": {"room_prefix": name, "pin": pin}, **options}


CHANGES = {
    "two PINs are swapped": (
        [rule("r", "a", pin="1111"), rule("s", "a", pin="2222")],
        [rule("r", "a", pin="2222"), rule("s", "a", pin="1111")]),
    "two PINs are swapped before an open rule": (
        [rule("r", "a", pin="1111"), rule("s", "a", pin="2222"), rule("o", "a")],
        [rule("r", "a", pin="2222"), rule("s", "a", pin="1111"), rule("o", "a")]),
    "a PIN and none are swapped": (
        [rule("r", "a", pin="1111"), rule("s", "a")],
        [rule("r", "a"), rule("s", "a", pin="1111")]),
    "the same, named the other way round": (
        [rule("r", "a"), rule("s", "a", pin="1111")],
        [rule("r", "a", pin="1111"), rule("s", "a")]),
    "a PIN and none are swapped, and the PIN is another": (
        [rule("r", "a", pin="1111"), rule("s", "a")],
        [rule("r", "a"), rule("s", "a", pin="2222")]),
    "a PIN goes round three rules": (
        [rule("r", "a", pin="1111"), rule("s", "a", pin="2222"), rule("o", "a")],
        [rule("r", "a"), rule("s", "a", pin="1111"), rule("o", "a", pin="2222")]),
    "an open rule takes over the PIN of one that goes": (
        [rule("r", "a", pin="1111"), rule("s", "a")],
        [rule("s", "a", pin="1111")]),
    "an open rule gets a PIN where another moves away": (
        [rule("a", "a", pin="1111"), rule("s", "a")],
        [rule("a", "b", pin="1111"), rule("s", "a", pin="2222")]),
    "an open rule takes over the PIN of one that moves away": (
        [rule("a", "a", pin="1111"), rule("s", "a")],
        [rule("a", "b", pin="1111"), rule("s", "a", pin="1111")]),
    "a rule with a PIN passes to a new name before an open one": (
        [rule("r", "a", pin="1111"), rule("o", "a")],
        [rule("n", "a", pin="1111"), rule("o", "a")]),
    "rules swap trunks before open ones": (
        [rule("r", "a", pin="1111"), rule("s", "b", pin="1111"), rule("o", "a", "b")],
        [rule("r", "b", pin="1111"), rule("s", "a", pin="1111"), rule("o", "a", "b")]),
    "a rule with a PIN comes in front of a new open one": (
        [],
        [rule("o", "a"), rule("r", "a", pin="1111")]),
    "a rule with a PIN goes with the open one behind it": (
        [rule("r", "a", pin="1111"), rule("o", "a")],
        []),
    "two rules for one number swap": (
        [rule("r", "a", pin="1111", numbers=[A]), rule("s", "a", numbers=[A]), rule("o", "a")],
        [rule("r", "a", numbers=[A]), rule("s", "a", pin="1111", numbers=[A]), rule("o", "a")]),
}  # fmt: skip


@pytest.mark.parametrize("batch", [list, reversed], ids=["in order", "batches reversed"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_moment_is_weaker_than_both_tables(livekit, modules, oracle, monkeypatch, change, batch):
    before, after = change
    trunks = [{"name": "a", "numbers": [A]}, {"name": "b", "numbers": [B]}]
    modules.routing(inbound_trunks=trunks, dispatch_rules=before)
    calls = list(itertools.product((A, B), PINS))
    history = [decisions(oracle, calls)]
    write = _server.Server.write

    def write_and_ask(server, step, key, body):
        stored = write(server, step, key, body)
        history.append(decisions(oracle, calls))
        return stored

    # The writes of one batch may happen in any order.
    write_parallel = _run._Run._write_parallel
    monkeypatch.setattr(_run, "PARALLEL_WRITES", 1)
    monkeypatch.setattr(
        _run._Run, "_write_parallel", lambda run, steps: [*batch(write_parallel(run, list(batch(steps))))]
    )
    monkeypatch.setattr(_server.Server, "write", write_and_ask)
    run_and_repeat(modules.routing, dispatch_rules=after, purge=True)
    assert len(history) > 1
    for call in calls:
        fates = [seen[call] for seen in history]
        ends = {fates[0][0], fates[-1][0]}
        assert all("error" not in fate for fate in fates), (call, fates)
        if "ACCEPT" not in ends:
            assert "ACCEPT" not in {result for result, _rule in fates}, (call, fates)
        else:
            let_in = {fate for fate in fates if fate[0] == "ACCEPT"}
            assert let_in <= {fates[0], fates[-1]}, (call, fates)


def decisions(oracle, calls):
    """The result of each call, and the rule that accepts it."""
    found = {}
    for number, pin in calls:
        decision = oracle.ask(number, **({"pin": pin} if pin else {}))
        assert "auth_error" not in decision, decision
        assert "dispatch_error" not in decision or "No SIP Dispatch Rules matched" in decision["dispatch_error"], (
            decision
        )
        result = decision.get("result", "DROP")
        found[number, pin] = (result, decision["rule"] if result == "ACCEPT" else "")
    return found
