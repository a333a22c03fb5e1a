# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Orders the writes of a set of changes.

Changes that affect the same calls form a group, and each group is ordered separately: small groups so that each call
gets the same result as before or after the change, large groups only so that no call can match two objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, groupby

from ._claims import Claims
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK
from ._numbers import normalized_number
from ._search import NoWay, Search
from ._sequence import Sequence
from ._steps import NEW, Change, Step, rank

__all__ = ["NEW", "Change", "NoWay", "Step", "in_order"]

# Groups with more changes, or with more unchanged objects that affect the same calls, are not checked call by call.
_MOST_TOGETHER, _MOST_CONTEXT = 16, 300

Table = dict[str, dict[str, dict]]  # kind name -> id -> object


def in_order(table: Table, changes: list[Change], parking: str) -> list[Step]:
    """The steps for `changes`. Raises NoWay with the reason if there is no safe order.

    table: the stored objects, kind name -> id -> object.
    parking: prefix of placeholder numbers and PINs for objects that swap their claims.
    """
    if not changes:
        return []
    parked = (f"{parking}-{number}" for number in count(1))
    whole = _Whole(table, changes)
    batches = [whole.batches(group, parked) for group in whole.groups()]
    return [*_merged(batches, whole.in_conflict())]


class _Whole:
    """The table and its changes."""

    def __init__(self, table: Table, changes: list[Change]) -> None:
        self.table = {kind.name: table.get(kind.name, {}) for kind in (INBOUND_TRUNK, DISPATCH_RULE)}
        self.changes = changes
        trunks = self.table[INBOUND_TRUNK.name]
        self.catch_all = {key for key, trunk in trunks.items() if not trunk.get("numbers")}
        self.catch_all |= {
            change.key
            for change in changes
            if change.kind is INBOUND_TRUNK and any(not side.get("numbers") for side in _sides(change))
        }
        rules = self.table[DISPATCH_RULE.name].values()
        self.open_to_all = self.catch_all or any(not rule.get("trunk_ids") for rule in rules)
        # A rule without trunks or a trunk without numbers matches all other calls, so changing one merges all groups.
        self.together = any(self._takes_the_rest(change) for change in changes)
        self.index: dict[str, dict[str, list[str]]] | None = None

    def _takes_the_rest(self, change: Change) -> bool:
        if change.kind is INBOUND_TRUNK:
            return change.key in self.catch_all
        return change.kind is DISPATCH_RULE and any(
            not side.get("trunk_ids") or self.catch_all.intersection(side["trunk_ids"]) for side in _sides(change)
        )

    def in_conflict(self) -> set[str]:
        """Keys of changed objects that are in a stored conflict.

        The server rejects writes that it checks together with a conflict.
        """
        held = Claims()
        for kind in (INBOUND_TRUNK, DISPATCH_RULE):
            for key, stored in self.table[kind.name].items():
                held.hold(kind, key, stored)
        return {change.key for change in self.changes if held.are_contested(change.kind, change.before, change.key)}

    def groups(self) -> list[list[Change]]:
        """The changes, grouped if they share a trunk or a number, directly or through other changes."""
        parents: dict[str, str] = {}

        def root(meeting: str) -> str:
            while parents.setdefault(meeting, meeting) != meeting:
                parents[meeting] = meeting = parents[parents[meeting]]
            return meeting

        firsts = []
        for change in self.changes:
            first, *others = self._meetings(change)
            firsts.append(first)
            for other in others:
                parents[root(other)] = root(first)
        groups: dict[str, list[Change]] = {}
        for change, first in zip(self.changes, firsts):
            groups.setdefault(root(first), []).append(change)
        return [*groups.values()]

    def _meetings(self, change: Change) -> Iterator[str]:
        yield change.key
        if change.kind not in (INBOUND_TRUNK, DISPATCH_RULE):
            return
        if self.together:
            yield ""
        for side in _sides(change):
            if change.kind is DISPATCH_RULE:
                yield from side.get("trunk_ids") or ()
            else:
                yield from map(normalized_number, side.get("numbers") or ())

    def batches(self, changes: list[Change], parking: Iterator[str]) -> list[list[Step]]:
        """The writes of one group; the writes of one batch may run in any order."""
        if len(changes) == 1:
            (change,) = changes
            return [[Step(change.action, change.kind, change.key, change.after)]]
        if self._is_plain(changes):
            steps = [Step(change.action, change.kind, change.key, change.after) for change in changes]
            return [[*batch] for _rank, batch in groupby(sorted(steps, key=rank), key=rank)]
        context = self._context(changes)
        if len(changes) > _MOST_TOGETHER or sum(map(len, context.values())) > _MOST_CONTEXT:
            steps = Sequence(self._with(context, changes), parking).of(changes)
            if steps is None:
                raise NoWay("two objects would claim the same calls")
            return [*_in_batches(steps)]
        return [[step] for step in Search(context, changes, parking).steps()]

    def _is_plain(self, changes: list[Change]) -> bool:
        """Whether the group only creates or only deletes, and its rules name only its own trunks, each at most once."""
        if self.open_to_all or len({change.action for change in changes}) > 1 or changes[0].action == "replace":
            return False
        trunks = [change.key for change in changes if change.kind is INBOUND_TRUNK]
        named = [
            trunk
            for change in changes
            if change.kind is DISPATCH_RULE
            for trunk in _sides(change)[0].get("trunk_ids") or [""]
        ]
        return len(named) == len({*named}) and {*named} <= {*trunks}

    def _context(self, changes: list[Change]) -> Table:
        """The unchanged objects that match some of the same calls as the changed ones."""
        if self.index is None:
            self.index = self._indexed()
        changed = {change.key for change in changes}
        trunks, rules = (self.table[kind.name] for kind in (INBOUND_TRUNK, DISPATCH_RULE))
        found = set(self.catch_all)
        if self.together:
            found |= {*trunks}
        for change in changes:
            for side in _sides(change):
                if change.kind is DISPATCH_RULE:
                    found.update(side.get("trunk_ids") or ())
                else:
                    for number in map(normalized_number, side.get("numbers") or ()):
                        found.update(self.index["numbers"].get(number, ()))
                    found.add(change.key)
        naming = dict.fromkeys(rule for trunk in ["", *sorted(found)] for rule in self.index["rules"].get(trunk, ()))
        return {
            INBOUND_TRUNK.name: {key: trunks[key] for key in sorted(found - changed) if key in trunks},
            DISPATCH_RULE.name: {key: rules[key] for key in naming if key not in changed},
        }

    def _indexed(self) -> dict[str, dict[str, list[str]]]:
        index: dict[str, dict[str, list[str]]] = {"numbers": {}, "rules": {}}
        for key, trunk in self.table[INBOUND_TRUNK.name].items():
            for number in map(normalized_number, trunk.get("numbers") or ()):
                index["numbers"].setdefault(number, []).append(key)
        for key, rule in self.table[DISPATCH_RULE.name].items():
            for trunk in rule.get("trunk_ids") or [""]:
                index["rules"].setdefault(trunk, []).append(key)
        return index

    def _with(self, context: Table, changes: list[Change]) -> Table:
        table = {name: dict(objects) for name, objects in context.items()}
        for change in changes:
            if change.before is not None:
                table[change.kind.name][change.key] = change.before
        return table


def _sides(change: Change) -> list[dict]:
    return [side for side in (change.before, change.after) if side is not None]


def _in_batches(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Batches of consecutive steps that may be written in any order.

    Creates claim different calls, and deletes claim none. Rules with and without a PIN are never in the same batch.
    """
    for (action, *_rest), run in groupby(steps, key=lambda step: (step.action, step.kind.name, step.asks)):
        if action == "replace":
            yield from ([step] for step in run)
        else:
            yield list(run)


def _merged(groups: list[list[list[Step]]], first: set[str]) -> Iterator[Step]:
    """The writes of all groups, merged into common batches. Groups that interrupt calls are written one by one.

    first: keys of the objects that must be written before all others.
    """
    number = count()

    def place(batch: list[Step]) -> int:
        return rank(batch[0]) if first.isdisjoint(step.key for step in batch) else -1

    def numbered(batch: list[Step]) -> Iterator[Step]:
        for step in batch:
            step.batch = next(number) if step is batch[0] or step.action == "replace" else batch[0].batch
            yield step

    apart = [group for group in groups if any(step.interrupts for batch in group for step in batch)]
    alone = {id(group) for group in apart}
    heads = [group[::-1] for group in groups if id(group) not in alone]
    urgent = [group for group in apart if min(map(place, group)) < 0]
    for group in urgent:
        for batch in group:
            yield from numbered(batch)
    while heads:
        lowest = min(place(group[-1]) for group in heads)
        batch = [step for group in heads if place(group[-1]) == lowest for step in group.pop()]
        heads = [group for group in heads if group]
        yield from numbered(sorted(batch, key=rank))
    for group in apart:
        if group not in urgent:
            for batch in group:
                yield from numbered(batch)
