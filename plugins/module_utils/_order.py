# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The order in which changes are written.

After each write: no call is claimed by two objects, no trunk is empty (an empty trunk catches everything), and no
rule names a trunk that is not there. livekit-server guards none of this when an object is replaced.
"""

from __future__ import annotations

import typing as t
from collections import deque
from dataclasses import dataclass
from itertools import count, product

from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, Kind, rule_of
from ._numbers import normalized_number

# Starts the key of an object whose id only the server can give.
NEW = "new:"


@dataclass
class Change:
    """How one object differs: `before` is None if it is new, `after` is None if it goes."""

    kind: Kind
    key: str  # the object's id, or NEW and its name
    before: dict | None
    after: dict | None

    @property
    def action(self) -> str:
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "replace"


@dataclass
class Step:
    """One write."""

    action: str  # create, replace or delete
    kind: Kind
    key: str
    body: dict | None  # the object to store; its trunk_ids may hold keys that start with NEW
    parked: bool = False  # it lets go of what others wait for, before it gets what it waits for itself


def claims(kind: Kind, stored: dict | None) -> list[tuple]:
    """The calls that an object claims, in livekit-server's own terms: no two objects may share one.

    An inbound trunk claims each of its numbers for each caller it allows, an empty string standing for any:
    ("trunk", number, caller). A rule claims ("rule", PIN, trunk id, caller, number) for each combination.
    Source: validateTrunkInbound and the rule's twin in https://github.com/livekit/protocol/blob/main/sip/sip.go
    """
    if stored is None:
        return []
    if kind is INBOUND_TRUNK:
        return list(product(["trunk"], _normalized(stored, "numbers"), _normalized(stored, "allowed_numbers")))
    if kind is DISPATCH_RULE:
        pin = rule_of(stored.get("rule"))[1].get("pin") or ""
        trunks = stored.get("trunk_ids") or [""]
        return list(
            product(["rule"], [pin], trunks, _normalized(stored, "inbound_numbers"), _normalized(stored, "numbers"))
        )
    return []


def in_order(table: dict[str, dict[str, dict]], changes: list[Change], parking: str) -> list[Step] | None:
    """The steps that make `changes`, or None if there is no safe order.

    table: what is stored now, kind name -> id -> object.
    parking: starts the numbers that nobody can have, on which objects wait that swap what they claim.
    """
    return _Sequence(table, parking).of(changes)


# What makes a call answered comes before what stops one: a trunk that gains numbers has its rule first.
_RANKS = {
    (INBOUND_TRUNK, "create"): 1,
    (DISPATCH_RULE, "create"): 2,
    (DISPATCH_RULE, "replace"): 2,
    (INBOUND_TRUNK, "replace"): 3,
    (DISPATCH_RULE, "delete"): 4,
    (INBOUND_TRUNK, "delete"): 5,
}


def _rank(change: Change) -> int:
    return _RANKS.get((change.kind, change.action), 0)


class _Sequence:
    """Plays the changes on a copy of the table, each as soon as nothing stands in its way."""

    def __init__(self, table: dict[str, dict[str, dict]], parking: str):
        self.stored: dict[str, dict] = {}
        self.owners: dict[tuple, set[str]] = {}  # claim -> keys of the objects that hold it
        self.rules_of: dict[str, set[str]] = {}  # trunk -> rules that name it
        self.steps: list[Step] = []
        self.waiting: dict[t.Any, list[Change]] = {}  # what must be free first -> the changes that wait for it
        self.parking = (f"{parking}-{number}" for number in count(1))
        for kind in (INBOUND_TRUNK, DISPATCH_RULE):
            for key, stored in table.get(kind.name, {}).items():
                self._put(kind, key, stored)

    def of(self, changes: list[Change]) -> list[Step] | None:
        named = {
            trunk
            for change in changes
            if change.kind is DISPATCH_RULE and change.after
            for trunk in change.after.get("trunk_ids") or ()
        }
        queue = deque(sorted(changes, key=_rank))
        while queue or self.waiting:
            while queue:
                change = queue.popleft()
                obstacle = self._obstacle(change)
                if obstacle is None:
                    queue.extendleft(self._write(Step(change.action, change.kind, change.key, change.after)))
                elif change.action == "create" and change.kind is INBOUND_TRUNK and change.key in named:
                    # Its rule needs its id; with the rule in place it takes over the numbers in one write.
                    queue.extendleft(self._park(change))
                    queue.append(Change(change.kind, change.key, self.stored[change.key], change.after))
                else:
                    self.waiting.setdefault(obstacle, []).append(change)
            if self.waiting:
                swapped = self._swapped()
                if swapped is None:
                    return None
                queue.extend(self._park(swapped))
        return self.steps

    def _obstacle(self, change: Change):
        """What must be free or there before this change can be written; None if nothing."""
        if change.kind is INBOUND_TRUNK and change.after is None and self.rules_of.get(change.key):
            return "rules of", change.key
        if change.kind is DISPATCH_RULE and change.after is not None:
            for trunk in change.after.get("trunk_ids") or ():
                if trunk.startswith(NEW) and trunk not in self.stored:
                    return "trunk", trunk
        for claim in claims(change.kind, change.after):
            if self._of_others(claim, change.key):
                return claim
        return None

    def _swapped(self) -> Change | None:
        """A waiting change whose object holds what others wait for."""
        for changes in self.waiting.values():
            for change in changes:
                held = claims(change.kind, self.stored.get(change.key))
                if change.action == "replace" and any(claim in self.waiting for claim in held):
                    return change
        return None

    def _park(self, change: Change) -> list[Change]:
        """Put aside what others wait for. What the object has before and after it keeps throughout."""
        action = "replace" if change.key in self.stored else "create"
        stored = self.stored.get(change.key) or change.after
        part = "numbers" if change.kind is INBOUND_TRUNK else "trunk_ids"
        final = set(claims(change.kind, change.after))

        def stays(value: str) -> bool:
            claimed = claims(change.kind, {**change.after, part: [value]})
            return final.issuperset(claimed) and not any(self._of_others(claim, change.key) for claim in claimed)

        kept = [value for value in stored.get(part) or () if stays(value)]
        if kept and action == "replace":
            body = {**change.after, part: kept}
        else:
            body = {**stored, "numbers": [next(self.parking)]}
        return self._write(Step(action, change.kind, change.key, body, parked=True))

    def _of_others(self, claim: tuple, key: str) -> set[str]:
        return self.owners.get(claim, set()) - {key}

    def _write(self, step: Step) -> list[Change]:
        """Returns the changes that this write sets free."""
        self.steps.append(step)
        freed = self._put(step.kind, step.key, step.body)
        return [change for key in freed for change in self.waiting.pop(key, ())]

    def _put(self, kind: Kind, key: str, stored: dict | None) -> list:
        before = self.stored.pop(key, None)
        freed: list = []
        for claim in claims(kind, before):
            self.owners[claim].discard(key)
            freed.append(claim)
        for claim in claims(kind, stored):
            self.owners.setdefault(claim, set()).add(key)
        if kind is DISPATCH_RULE:
            for trunk in (before or {}).get("trunk_ids") or ():
                self.rules_of[trunk].discard(key)
                if not self.rules_of[trunk]:
                    freed.append(("rules of", trunk))
            for trunk in (stored or {}).get("trunk_ids") or ():
                self.rules_of.setdefault(trunk, set()).add(key)
        if kind is INBOUND_TRUNK:
            freed.append(("trunk", key))
        if stored is not None:
            self.stored[key] = stored
        return freed


def _normalized(stored: dict, name: str) -> list[str]:
    return sorted({normalized_number(number) for number in stored.get(name) or []}) or [""]
