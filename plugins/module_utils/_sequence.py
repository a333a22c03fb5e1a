# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Orders the changes to a large table step by step, without evaluating individual calls.

After each write, no call can match two objects, no trunk lacks numbers (such a trunk matches every number), and no
rule names a missing trunk. livekit-server checks none of this when an object is replaced.

A rule that has to release its PIN, or waits for its new one, temporarily asks for a placeholder PIN, so that callers
who must enter a PIN are not accepted without one.
"""

from __future__ import annotations

import typing as t
from collections import deque

from ._claims import Claims, claims, place, with_pin
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, Kind
from ._numbers import normalized_number
from ._steps import NEW, Change, Step, asks, rank


def _rank(change: Change) -> tuple[int, int]:
    """Among rules, those that start to ask for a PIN come first, and those that stop asking come last."""
    return rank(change), asks(change.before) - 2 * asks(change.after)


class Sequence:
    """Applies the changes to a copy of the table, each as soon as it is safe."""

    def __init__(self, table: dict[str, dict[str, dict]], parking: t.Iterator[str]):
        self.stored: dict[str, dict] = {}
        self.held = Claims()
        self.rules_of: dict[str, set[str]] = {}  # trunk -> rules that name it
        self.steps: list[Step] = []
        self.waiting: dict[t.Any, list[Change]] = {}  # obstacle -> the changes that wait for its removal
        self.left: dict[str, Change] = {}  # key -> the change that is not completely written yet
        self.parking = parking
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
        self.left = {change.key: change for change in changes}
        # Writes that resolve a conflict come first: the server rejects writes that it checks together with a conflict.
        queue = deque(
            sorted(
                changes,
                key=lambda change: (not self.held.are_contested(change.kind, change.before, change.key), _rank(change)),
            )
        )
        while queue or self.waiting:
            while queue:
                change = queue.popleft()
                obstacle = self._obstacle(change)
                if obstacle is None:
                    del self.left[change.key]
                    queue.extendleft(self._write(Step(change.action, change.kind, change.key, change.after)))
                elif self._goes_ahead(change, named, obstacle):
                    queue.extendleft(self._park(change))
                    self.left[change.key] = Change(change.kind, change.key, self.stored[change.key], change.after)
                    queue.append(self.left[change.key])
                else:
                    self.waiting.setdefault(obstacle, []).append(change)
            if self.waiting:
                swapped = self._swapped()
                if swapped is None:
                    return None
                queue.extend(self._park(swapped))
        return self.steps

    def _goes_ahead(self, change: Change, named: set[str], obstacle: tuple) -> bool:
        """Whether an intermediate form of the object is written immediately, although its claims are not free yet."""
        if change.kind is INBOUND_TRUNK:
            # The rule needs the trunk's id. Once the rule exists, one write adds the numbers to the trunk.
            return change.action == "create" and change.key in named
        # Without an intermediate form, callers who must enter a PIN could temporarily reach a rule without one.
        return (
            asks(change.after)
            and obstacle[0] == "calls"
            and not _calls(change.after) <= _calls(self.stored.get(change.key))
        )

    def _obstacle(self, change: Change):
        """The claim or object that this change waits for; None if the change can be written."""
        if change.kind is INBOUND_TRUNK and change.after is None and self.rules_of.get(change.key):
            return "rules of", change.key
        if change.kind is DISPATCH_RULE and change.after is not None:
            for trunk in change.after.get("trunk_ids") or ():
                if trunk.startswith(NEW) and trunk not in self.stored:
                    return "trunk", trunk
        for claim in claims(change.kind, change.after):
            if self.held.rivals(claim, change.key):
                return "calls", place(claim)[0]
        return None

    def _swapped(self) -> Change | None:
        """A change whose object claims calls that a waiting change needs."""
        for changes in self.waiting.values():
            for change in changes:
                for claim in claims(change.kind, change.after):
                    for other in sorted(self.held.rivals(claim, change.key)):
                        if other in self.left and self.left[other].action == "replace":
                            return self.left[other]
        return None

    def _park(self, change: Change) -> list[Change]:
        """Write an intermediate form that releases the claims that other changes wait for, and keeps the rest."""
        action = "replace" if change.key in self.stored else "create"
        stored = self.stored.get(change.key) or change.after
        if change.kind is DISPATCH_RULE and (asks(stored) or asks(change.after)):
            body = with_pin(self._at_both(stored, change.after), next(self.parking))
            return self._write(Step(action, change.kind, change.key, body, parked=True))
        part = "numbers" if change.kind is INBOUND_TRUNK else "trunk_ids"
        final = set(claims(change.kind, change.after))

        def stays(value: str) -> bool:
            claimed = claims(change.kind, {**change.after, part: [value]})
            return final.issuperset(claimed) and not any(self.held.rivals(claim, change.key) for claim in claimed)

        kept = [value for value in stored.get(part) or () if stays(value)]
        if kept and action == "replace":
            body = {**change.after, part: kept}
        else:
            body = {**stored, "numbers": [next(self.parking)]}
        return self._write(Step(action, change.kind, change.key, body, parked=True))

    def _at_both(self, stored: dict, after: dict) -> dict:
        """The stored rule, extended with the calls of its final form if the two forms differ in only one list."""
        lists = ("trunk_ids", "inbound_numbers", "numbers")
        (name, *others) = [name for name in lists if set(stored.get(name) or ()) != set(after.get(name) or ())] or [""]
        if others or not stored.get(name) or not after.get(name):
            return stored
        more = [value for value in after[name] if name != "trunk_ids" or value in self.stored]
        return {**stored, name: list({normalized_number(value): value for value in [*more, *stored[name]]}.values())}

    def _write(self, step: Step) -> list[Change]:
        """Returns the changes that waited for this write."""
        step.asks = step.kind is DISPATCH_RULE and (asks(step.body) or asks(self.stored.get(step.key)))
        self.steps.append(step)
        freed = self._put(step.kind, step.key, step.body)
        return [change for key in freed for change in self.waiting.pop(key, ())]

    def _put(self, kind: Kind, key: str, stored: dict | None) -> list:
        before = self.stored.pop(key, None)
        freed: list = []
        for claim in claims(kind, before):
            self.held.discard(key, claim)
            freed.append(("calls", place(claim)[0]))
        self.held.hold(kind, key, stored)
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


def _calls(rule: dict | None) -> set[tuple]:
    """The calls for which a rule asks for a PIN, whatever the PIN is."""
    return {claim[1:] for claim in claims(DISPATCH_RULE, rule)} if asks(rule) else set()
