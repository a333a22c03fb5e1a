# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Judges every intermediate table of a change: no call may get a worse result than both before and after the change.

Pure: no I/O, no Ansible. Each call always gets the same result as before or after the change, with two exceptions that
each last for one write:

* The number moves between trunks, because the server rejects all calls to a number that two trunks have. A call is
  accepted only if it is accepted before or after the change.
* The call moves to another rule, because the server rejects all calls on a trunk with two rules for the same calls.
  It may be refused, or its caller asked for a PIN. It may join another room if both tables accept it without a PIN.
"""

from __future__ import annotations

import typing as t

from ._calls import ACCEPT, ERROR, Call, Decision, Table
from ._claims import pin_of
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, Kind
from ._numbers import normalized_number
from ._ways import ANY_NUMBER, classes_of_calls

Objects = dict[str, dict[str, dict]]  # kind name -> key -> object

_CALLERS = ("allowed_numbers", "inbound_numbers")


class Judged(t.NamedTuple):
    """The verdict on one intermediate table."""

    interrupted: frozenset[tuple[int, str]] = frozenset()  # calls with an exception: index, "number" or "rule"
    worse: str = ""  # a call with a worse result and no exception


class Moments:
    """The calls that a change affects, one of each class, and their results before and after the change."""

    def __init__(self, before: Objects, after: Objects) -> None:
        self.calls: list[Call] = []
        self._numbers: list[list[str]] = []  # for each call, all numbers with the same result
        changed = _changed(before, after)
        # An intermediate form of an object can match calls that neither the old nor the new form matches.
        callers = {caller for stored in changed for part in _CALLERS for caller in stored.get(part) or ()}
        pins = sorted({pin_of(stored) for stored in changed} - {""})
        for numbers in _alike(before, after):
            for call in classes_of_calls(before, after, numbers[0], callers, pins):
                self.calls.append(call)
                self._numbers.append(numbers)
        ends = [self._decisions(objects) for objects in (before, after)]
        self._ends = [*zip(*ends)]
        self._order = [*range(len(self.calls))]
        self.decided = 0

    def judged(self, objects: Objects) -> Judged:
        """The verdict on a table with these objects."""
        table = Table.of(objects)
        interrupted = set()
        for place, index in enumerate(self._order):
            self.decided += 1
            decision = table.decide(self.calls[index])
            worse = _worse(decision, *self._ends[index], gives_pin=bool(self.calls[index].pin))
            if worse:
                # This call often has a worse result in the next table too, so it is checked first there.
                self._order.insert(0, self._order.pop(place))
                return Judged(worse=f"{self._label(index)} {worse}")
            if worse is None:
                interrupted.add((index, self._exception(index, decision)))
        return Judged(frozenset(interrupted))

    def _exception(self, index: int, now: Decision) -> str:
        trunks = [_id(decision.trunk, INBOUND_TRUNK) for decision in (now, *self._ends[index])]
        return "number" if trunks[0] not in trunks[1:] else "rule"

    def numbers(self, interrupted: frozenset[tuple[int, str]]) -> list[str]:
        """The called numbers of these calls."""
        found = {number for call, _what in interrupted for number in self._numbers[call]}
        return sorted("any other number" if number == ANY_NUMBER else number for number in found)

    def _label(self, index: int) -> str:
        call = self.calls[index]
        (number,) = self.numbers(frozenset([(index, "")]))[:1]
        return f"calls to {number}" + (" that give a PIN" if call.pin else "")

    def _decisions(self, objects: Objects) -> list[Decision]:
        table = Table.of(objects)
        return [table.decide(call) for call in self.calls]


def _worse(now: Decision, before: Decision, after: Decision, gives_pin: bool) -> str | None:
    """Reason why a result is worse than before and after: empty if it is not, None if it is an allowed exception."""
    if all(seen in ends for seen, *ends in zip(*map(_seen, (now, before, after)))):
        return ""
    results = (before.result, after.result)
    if before.result == ERROR and (now.result != ACCEPT or after.result == ACCEPT):
        return ""
    if now.result == ERROR:
        return "would get 503"
    moves = _other(before.trunk, after.trunk, INBOUND_TRUNK)
    passes = _other(before.rule, after.rule, DISPATCH_RULE)
    let_in = moves and ACCEPT in results or passes and not gives_pin and results == (ACCEPT, ACCEPT)
    if now.result == ACCEPT and not let_in:
        different = "would get a different result than before and after"
        return different if ACCEPT in results else "would be accepted without a PIN"
    return None if moves or passes else "would not be answered, although the same trunk and rule match them"


def _seen(decision: Decision) -> tuple:
    """The results that callers notice: one for callers with the trunk's password, and one for callers without it."""
    with_password = decision.result, decision.room, decision.identity, tuple(decision.agents)
    if decision.result != ACCEPT:
        with_password = (decision.result,)
    return with_password, ("password",) if decision.asks_password else with_password


def _other(before: dict | None, after: dict | None, kind: Kind) -> bool:
    return bool(before and after and _id(before, kind) != _id(after, kind))


def _id(stored: dict | None, kind: Kind) -> str:
    return (stored or {}).get(kind.id_field) or ""


def _changed(before: Objects, after: Objects) -> list[dict]:
    return [
        stored
        for kind in (INBOUND_TRUNK, DISPATCH_RULE)
        for one, other in ((before, after), (after, before))
        for key, stored in one[kind.name].items()
        if other[kind.name].get(key) != stored
    ]


def _alike(before: Objects, after: Objects) -> list[list[str]]:
    """All listed numbers and one that is not listed, grouped by the objects that list them."""
    listed: dict[str, list[int]] = {ANY_NUMBER: []}
    place = 0
    for kind in (INBOUND_TRUNK, DISPATCH_RULE):
        for objects in (before, after):
            for stored in objects.get(kind.name, {}).values():
                place += 1
                # Numbers whose spelling is not normalized are grouped separately.
                for number in stored.get("numbers") or ():
                    form = number == normalized_number(number)
                    listed.setdefault(normalized_number(number), []).append(place if form else -place)
    groups: dict[tuple, list[str]] = {}
    for number, places in listed.items():
        groups.setdefault(tuple(places), []).append(number)
    return [*groups.values()]
