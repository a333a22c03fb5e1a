# SPDX-License-Identifier: GPL-3.0-or-later
"""Change a whole table in one run, and ask the real livekit-server about every number after each write.

After each write, no two trunks claim the same number (calls to it would get a 503), no trunk is empty, calls to an
unknown number are refused, and calls to a number that keeps its trunk and rule are answered. For all other numbers, the
tests count the writes after which their calls are refused.
"""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _run, _server

from tests.support.modules import run_and_repeat
from tests.support.oracle import Oracle

NUMBERS = [f"+120255501{index:02d}" for index in range(100)]
STRANGER = "nobody"


def trunk(name, *numbers, **options):
    return {"name": name, "numbers": list(numbers), **options}


def rule(name, *trunks, **options):
    return {"name": name, "trunks": list(trunks), "individual": {"room_prefix": name}, **options}


@pytest.fixture(scope="module")
def oracle(running_livekit):
    with Oracle(running_livekit) as asked:
        yield asked


@pytest.fixture
def watched(livekit, modules, oracle, monkeypatch):
    """A function that returns the most writes that left one changed number unanswered, and the total of all writes."""
    history = []
    write = _server.Server.write

    def decisions(numbers):
        found = {}
        for number in [*numbers, STRANGER]:
            decision = oracle.ask(number)
            assert "auth_error" not in decision, decision
            assert "dispatch_error" not in decision, decision
            answered = decision["result"] in ("ACCEPT", "REQUEST_PIN")
            found[number] = (decision["trunk"], decision["rule"]) if answered else None
        assert found.pop(STRANGER) is None
        return found

    def watch(before, after, numbers, purge=True):
        modules.routing(purge=True, inbound_trunks=before[0], dispatch_rules=before[1])

        def write_and_ask(server, step, key, body):
            stored = write(server, step, key, body)
            history.append(decisions(numbers))
            _status, listed = livekit.twirp("SIP", "ListSIPInboundTrunk")
            assert all(item["numbers"] for item in listed["items"])
            return stored

        first = decisions(numbers)
        with monkeypatch.context() as patch:
            patch.setattr(_server.Server, "write", write_and_ask)
            patch.setattr(_run, "PARALLEL_WRITES", 1)
            run_and_repeat(modules.routing, purge=purge, inbound_trunks=after[0], dispatch_rules=after[1])
        assert history
        last = history[-1]
        for number in numbers:
            if first[number] == last[number]:
                assert all(seen[number] == first[number] for seen in history), f"{number} was refused meanwhile"
        unserved = [
            sum(seen[number] is None for seen in history)
            for number in numbers
            if first[number] != last[number] and first[number] and last[number]
        ]
        return max(unserved, default=0), len(history)

    return watch


A, B, C = NUMBERS[:3]
CASES = {
    "rename a trunk that keeps its number": (
        ([trunk("a", A)], [rule("r", "a")]), ([trunk("new", A)], [rule("r", "new")]), (0, 1)),
    "move a number to another trunk": (
        ([trunk("a", A, B), trunk("b", C)], [rule("r", "a"), rule("s", "b")]),
        ([trunk("a", A), trunk("b", B, C)], [rule("r", "a"), rule("s", "b")]), (1, 2)),
    "swap two numbers": (
        ([trunk("a", A), trunk("b", B)], [rule("r", "a"), rule("s", "b")]),
        ([trunk("a", B), trunk("b", A)], [rule("r", "a"), rule("s", "b")]), (1, 3)),
    "swap two of three numbers": (
        ([trunk("a", A, B), trunk("b", C)], [rule("r", "a"), rule("s", "b")]),
        ([trunk("a", A, C), trunk("b", B)], [rule("r", "a"), rule("s", "b")]), (1, 3)),
    "drop a trunk and its rule": (
        ([trunk("a", A), trunk("b", B)], [rule("r", "a"), rule("s", "b")]),
        ([trunk("b", B)], [rule("s", "b")]), (0, 2)),
    "split one trunk of 100 numbers into two of 50": (
        ([trunk("a", *NUMBERS)], [rule("r", "a")]),
        ([trunk("a", *NUMBERS[:50]), trunk("b", *NUMBERS[50:])], [rule("r", "a"), rule("s", "b")]), (1, 4)),
    "split under the same rule": (
        ([trunk("a", *NUMBERS)], [rule("r", "a")]),
        ([trunk("a", *NUMBERS[:50]), trunk("b", *NUMBERS[50:])], [rule("r", "a", "b")]), (1, 4)),
    "join two trunks": (
        ([trunk("a", A), trunk("b", B)], [rule("r", "a"), rule("s", "b")]),
        ([trunk("a", A, B)], [rule("r", "a")]), (1, 4)),
    "two rules swap their trunks": (
        ([trunk("a", A), trunk("b", B), trunk("c", C)], [rule("r", "a", "c"), rule("s", "b")]),
        ([trunk("a", A), trunk("b", B), trunk("c", C)], [rule("r", "b", "c"), rule("s", "a")]), (1, 3)),
    "a new trunk and rule take over, under new names": (
        ([trunk("a", A, B)], [rule("r", "a")]),
        ([trunk("b", A, C)], [rule("s", "b")]), (1, 6)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_calls_are_served_while_the_table_changes(watched, case):
    before, after, (unserved, writes) = CASES[case]
    assert watched(before, after, NUMBERS if "100" in case or "split" in case else [A, B, C]) == (unserved, writes)


def test_keep_is_served_while_the_rest_is_purged(livekit, modules, watched):
    before = ([trunk("a", A), trunk("b", B)], [rule("r", "a"), rule("s", "b")])
    modules.routing(inbound_trunks=before[0], dispatch_rules=before[1])
    kept = run_and_repeat(
        modules.routing,
        inbound_trunks=[],
        dispatch_rules=[],
        purge=True,
        keep={"inbound_trunks": ["a"], "dispatch_rules": ["r"]},
    )
    assert [action["name"] for action in kept["actions"]] == ["s", "b"]


def test_without_purge_the_rest_stays(watched):
    before = ([trunk("a", A), trunk("b", B)], [rule("r", "a"), rule("s", "b")])
    assert watched(before, ([trunk("a", A, C)], []), [A, B, C], purge=False) == (0, 1)
