# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures with goals. Each is the median of pairs that are measured alternately."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator

from tests.benchmark import sides
from tests.benchmark.far_away import FarAway
from tests.benchmark.sides import Code, Ratio
from tests.benchmark.ways import LATENCY, Ansible, Bare, rule, trunk
from tests.support.livekit import LiveKit

LIMIT = 150  # megabytes


class Figure(t.NamedTuple):
    name: str
    n: int
    goal: float | None
    ratio: Ratio


def figures(livekit: LiveKit, before: Code, now: Code) -> Iterator[Figure]:
    """All figures, each as the ratio of two measurements."""
    for found in (of_tasks(livekit), of_objects(livekit, now), of_both(livekit, before, now)):
        for figure in found:
            print(f"{figure.name} (n={figure.n}): {figure.ratio}", flush=True)
            yield figure


def of_tasks(livekit: LiveKit) -> Iterator[Figure]:
    """Seconds for a task in ansible-playbook, divided by the seconds for other ways to do the same."""
    ours, bare = Ansible(livekit), Bare(livekit)
    some, many = [trunk(index) for index in range(100)], [trunk(index) for index in range(1_000)]

    def table(trunks: list[dict], there: list[dict], way=ours, **more) -> Callable[[], float]:
        def run() -> float:
            stored(livekit, there)
            return way.table(trunks, **more)[0]

        return run

    def rules() -> float:
        stored(livekit, many)
        return bare.rules(len(many))

    def nothing() -> float:
        stored(livekit, many)
        return bare.table(many)[0] + ours.nothing()

    name = "create trunks, one task over the bare API on one connection"
    yield Figure(name, 1_000, 1, sides.in_turns(table(many, []), table(many, [], bare)))
    name = "create rules, one task over the bare API on one connection"
    yield Figure(name, 1_000, 1.1, sides.in_turns(table(many, many, with_rules=True), rules))
    name = "nothing to change, one task over the bare list and a task that imports the same and does nothing"
    yield Figure(name, 1_000, 1.25, sides.in_turns(table(many, many), nothing))
    name = "create trunks, one task over a loop over the module"
    yield Figure(name, 100, 1 / 50, sides.in_turns(table(some, []), lambda: stored(livekit, []) or ours.loop(some)[0]))
    with FarAway(livekit, LATENCY) as far:
        ways = [table(some, [], way(livekit, far.url)) for way in (Ansible, Bare)]
        name = f"create trunks, {LATENCY * 1000:.0f} ms away, one task over the bare API on one connection"
        yield Figure(name, 100, 1, sides.in_turns(*ways))


def of_objects(livekit: LiveKit, now: Code) -> Iterator[Figure]:
    """CPU time without imports, and peak memory, as the number of objects grows."""

    def own(size: int, table: str) -> float:
        trunks, rules = lines(size)
        stored(livekit, trunks, rules if table == "dispatch_rules" else [])
        return now.routing(livekit, **{table: rules if table == "dispatch_rules" else trunks}).own

    for table, what in (("inbound_trunks", "trunk"), ("dispatch_rules", "rule")):
        ratios = []
        for _round in range(sides.PAIRS):
            one, few, many = (own(size, table) for size in (1, 1_000, 10_000))
            ratios.append((many - one) / 10_000 / ((few - one) / 1_000))
        name = f"nothing to change, CPU time for a {what} over that for one of 1,000"
        yield Figure(name, 10_000, 1.25, sides.ratio_of(ratios))
    options = {"inbound_trunks": lines(10_000)[0], "assume_empty": True}
    peaks = [now.routing(livekit, check=True, **options).megabytes / LIMIT for _round in range(sides.PAIRS)]
    yield Figure(f"peak memory over {LIMIT} MB", 10_000, 1, sides.ratio_of(peaks))


def of_both(livekit: LiveKit, before: Code, now: Code) -> Iterator[Figure]:
    """CPU time of this code, divided by the CPU time of another commit, both without imports."""

    def own(code: Code, there: bool, check: bool = False, **options) -> Callable[[], float]:
        def run() -> float:
            stored(livekit, options["inbound_trunks"] if there else [], options["dispatch_rules"] if there else [])
            return code.routing(livekit, check=check, **options).own

        return run

    def compared(name: str, size: int, goal: float | None, **how) -> Figure:
        ratio = sides.in_turns(own(now, **how), own(before, **how))
        return Figure(f"{name}, CPU time over that of {sides.BASE}", size, goal, ratio)

    for size, with_rules in ((1_000, False), (10_000, False), (5_000, True)):
        trunks, rules = lines(size)
        options = {"inbound_trunks": trunks, "dispatch_rules": rules if with_rules else []}
        what = "trunks with a rule each" if with_rules else "trunks"
        yield compared(f"{what}, nothing to change", size, 1.05, there=True, **options)
        plan = {"there": False, "check": True, "assume_empty": True, **options}
        yield compared(f"{what}, plan of all as new", size, 1.05, **plan)
    trunks, rules = lines(1_000)
    options = {"inbound_trunks": trunks, "dispatch_rules": []}
    yield compared("trunks, created, with the look after the last write", 1_000, None, there=False, **options)


def lines(count: int) -> tuple[list[dict], list[dict]]:
    return [trunk(index) for index in range(count)], [rule(index) for index in range(count)]


def stored(livekit: LiveKit, trunks: list[dict], rules: t.Sequence[dict] = ()) -> None:
    """Replace all objects on the server with these."""
    livekit.flush()
    sides.store(livekit, trunks, list(rules))
