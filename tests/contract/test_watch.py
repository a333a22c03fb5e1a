# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate changes, and ask the real livekit-server about calls after every write of a run.

The changes are the same in every run. CHANGES=1000 tests more changes, as the stage rounds does, and SEED=… tests
different ones.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from unittest import mock

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _moments, _order, _run, _server

from tests.support import generated_changes
from tests.support.modules import ModuleRunner
from tests.support.oracle import Oracle
from tests.support.watch import ACCEPT, REFUSED, REQUEST_PIN, Moment, fate_of, faults

CHANGES = int(os.environ.get("CHANGES", "100"))
LEAST_CALLS = 20
SEED = int(os.environ.get("SEED", "2"))


@pytest.fixture(scope="module")
def oracle(running_livekit):
    with Oracle(running_livekit) as asked:
        yield asked
    running_livekit.flush()


class Watch:
    """Runs changes one after another, and records the decisions about calls."""

    def __init__(self, livekit, oracle) -> None:
        self.livekit, self.oracle = livekit, oracle
        self.modules = ModuleRunner(livekit.url, livekit.api_key, livekit.api_secret)
        self.counts: Counter = Counter()
        self.outcomes = {"before": Counter(), "after": Counter()}
        self.refusals: list[tuple] = []
        self.faults: list[tuple] = []

    def change(self, rng: random.Random) -> bool:
        """Watch one change; return False if nothing changes, or if one of the two tables is refused."""
        before, after, done = generated_changes.change(rng)
        self.livekit.flush()
        if self._routing(before).get("failed"):
            return False
        calls = generated_changes.calls(rng, before, after, LEAST_CALLS)
        moments = [self._moment(calls)]
        write = _server.Server.write

        def write_and_ask(server, step, key, body):
            stored = write(server, step, key, body)
            moments.append(self._moment(calls))
            return stored

        def in_any_order(run, steps):
            shuffled = rng.sample(range(len(steps)), len(steps))
            answers = {place: run._write(steps[place]) for place in shuffled}
            return [answers[place] for place in range(len(steps))]

        with (
            mock.patch.object(_server.Server, "write", write_and_ask),
            mock.patch.object(_run._Run, "_write_parallel", in_any_order),
        ):
            result = self._routing(after)
        if result.get("failed"):
            if result["failure"]["code"] == "unorderable":
                self.refusals.append((before, after, done, result["msg"]))
            return False
        if len(moments) < 2:
            return False
        self._record(before, after, done, calls, moments, result["actions"])
        return True

    def _routing(self, table) -> dict:
        return self.modules.routing(purge=True, detach=True, inbound_trunks=table[0], dispatch_rules=table[1])

    def _moment(self, calls) -> Moment:
        return Moment([fate_of(decision) for decision in self.oracle.answers(*calls)], [])

    def _record(self, before, after, done, calls, moments, actions) -> None:
        assert len(actions) == len(moments) - 1
        # The result lists the writes of a batch in the order of the plan; only single writes may interrupt calls.
        named = [[], *(action.get("interrupts", []) for action in actions)]
        moments = [moment._replace(named=numbers) for moment, numbers in zip(moments, named, strict=True)]
        self.counts.update(
            changes=1, writes=len(actions), calls=len(calls), parked=sum("parked" in action for action in actions)
        )
        self.counts.update(done)
        self.counts["interrupting writes"] += sum(bool(numbers) for numbers in named)
        for name, moment in (("before", moments[0]), ("after", moments[-1])):
            self.outcomes[name].update(fate.result for fate in moment.fates)
        self.faults += [(before, after, done, actions, *fault) for fault in faults(calls, moments)[:1]]

    def shares(self) -> dict:
        return {
            name: {result: round(100 * count / outcomes.total(), 1) for result, count in outcomes.most_common()}
            for name, outcomes in self.outcomes.items()
        }


def watched(livekit, oracle, seed: int, changes: int, first: bool = False) -> Watch:
    watch, number = Watch(livekit, oracle), 0
    while watch.counts["changes"] < changes and not (first and watch.faults):
        number += 1
        watch.change(random.Random(seed * 1_000_003 + number))
    return watch


@pytest.mark.parametrize("seed", [1, SEED])
def test_no_call_fares_worse_than_before_and_after(running_livekit, oracle, seed):
    watch = watched(running_livekit, oracle, seed, CHANGES // 2)
    print(f"seed {seed}: {dict(watch.counts)}; in %: {watch.shares()}; refused: {len(watch.refusals)}")
    assert not watch.faults, f"seed {seed}: {len(watch.faults)} of {CHANGES // 2}, the first: {watch.faults[0]}"
    assert watch.counts["calls"] >= LEAST_CALLS * watch.counts["changes"]
    for outcomes in watch.outcomes.values():
        for result in (ACCEPT, REQUEST_PIN, REFUSED):
            assert outcomes[result] >= outcomes.total() * 0.05, watch.shares()


MUTATIONS = {
    "calls are not looked at": (_moments, "_worse", lambda *_ends, **_call: ""),
    "nobody is kept from being let in": (
        _moments,
        "_worse",
        lambda *ends, **call: _worse(*ends, **call) if ends[0].result != _moments.ACCEPT else "",
    ),
    "each change is taken for one of its own": (
        _order._Whole,
        "groups",
        lambda whole: [[change] for change in reversed(whole.changes)],
    ),
    "interrupted numbers are not named": (_run, "action_of", lambda *given: {**_action_of(*given), "interrupts": []}),
}
_worse, _action_of = _moments._worse, _run.action_of


@pytest.mark.one_server(reason="it is about the planner")
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutated_planner_is_caught(running_livekit, oracle, mutation):
    with mock.patch.object(*MUTATIONS[mutation]):
        watch = watched(running_livekit, oracle, 1, 80, first=True)
    assert watch.faults
