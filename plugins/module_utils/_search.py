# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Searches for a short sequence of writes from one small table to another in which no call gets a worse result than
both before and after.

Pure: no I/O, no Ansible. Objects are written in their final form if that is safe. Otherwise they get an
intermediate form: a trunk releases a number or gets a placeholder number, and a rule matches both its old and its new
calls or asks for a placeholder PIN.
"""

from __future__ import annotations

import heapq
import json
import typing as t
from dataclasses import dataclass, field
from itertools import count

from ._claims import Claims, pin_of, with_pin, written_twice
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, KINDS
from ._moments import Judged, Moments, Objects
from ._numbers import normalized_number
from ._steps import Change, Step, asks, rank

# Maximum number of calls evaluated in one search, which then takes about a second.
_MOST_DECISIONS = 25_000
_INTERRUPTION = 3  # cost of an interruption, in writes
_LEFT = 4  # cost, in writes, of each object that is not final yet: a quick search matters more than the shortest way


class NoWay(Exception):
    """No order of writes is safe; the message describes the first obstacle that the search met."""


@dataclass(order=True)
class _Node:
    cost: tuple[int, int, int]
    state: dict[str, dict | None] = field(compare=False)  # key -> stored object, for the objects that change
    steps: list[Step] = field(compare=False, default_factory=list)
    interrupted: frozenset[tuple[int, str]] = field(compare=False, default=frozenset())


class Search:
    """context: the unchanged objects that match some of the same calls."""

    def __init__(self, context: Objects, changes: list[Change], parking: t.Iterator[str]) -> None:
        self.context = context
        self.changes = {change.key: change for change in sorted(changes, key=rank)}
        self.parking = {key: next(parking) for key in self.changes}
        self.named = {trunk for change in changes for trunk in (change.after or {}).get("trunk_ids") or ()}
        self.held = Claims()
        for name, objects in context.items():
            for key, stored in objects.items():
                self.held.hold(KINDS[name], key, stored)
        before = {change.key: change.before for change in changes}
        after = {change.key: change.after for change in changes}
        self.moments = Moments(self._objects(before), self._objects(after))
        self.start = before
        self.moments_seen: dict[str, Judged] = {}
        self.numbers = count()
        self.obstacle = ""
        self.once = True  # each call is interrupted at most once, not once for each exception
        self.in_full_where_safe = True  # an object whose final form is safe is written first, without alternatives

    def steps(self) -> list[Step]:
        """Raises NoWay."""
        for self.once in (True, False):
            for self.in_full_where_safe in (True, False):
                found = self._found()
                if found is not None:
                    return found
        raise NoWay(self.obstacle or "some calls would not be answered")

    def _found(self) -> list[Step] | None:
        heap = [_Node((0, 0, next(self.numbers)), self.start)]
        seen = set()
        self.moments.decided = 0
        while heap and self.moments.decided < _MOST_DECISIONS:
            node = heapq.heappop(heap)
            mark = json.dumps(sorted(node.state.items()), sort_keys=True), node.interrupted
            if mark in seen:
                continue
            seen.add(mark)
            if all(node.state[key] == change.after for key, change in self.changes.items()):
                return node.steps
            for child in self._children(node):
                heapq.heappush(heap, child)
        return None

    def _children(self, node: _Node) -> list[_Node]:
        held = self._claims(node.state)
        pending = [change for change in self.changes.values() if node.state[change.key] != change.after]
        # Writes that resolve a conflict come first: the server rejects writes that it checks together with a conflict.
        pending.sort(key=lambda change: not self._contested(held, change, node.state[change.key]))
        children = []
        for change in pending:
            child = self._child(node, held, change, change.after, len(pending) - 1)
            if child:
                children.append(child)
                if self.in_full_where_safe and not child.steps[-1].interrupts:
                    return [child]
        for change in pending:
            for body in self._halfway(node.state, held, change):
                child = self._child(node, held, change, body, len(pending), parked=True)
                if child:
                    children.append(child)
        return children

    def _child(
        self, node: _Node, held: Claims, change: Change, body: dict | None, left: int, parked: bool = False
    ) -> _Node | None:
        stored = node.state[change.key]
        if body == stored or not self._possible(node.state, held, change, body):
            return None
        state = {**node.state, change.key: body}
        judged = self._judged(state)
        if judged.worse or self._again(judged, node):
            self.obstacle = self.obstacle or judged.worse
            return None
        action = "delete" if body is None else "replace" if stored is not None else "create"
        step = Step(action, change.kind, change.key, body, parked, asks(body) or asks(stored))
        step.interrupts = self.moments.numbers(judged.interrupted)
        writes = len(node.steps) + 1
        interruptions = sum(bool(before.interrupts) for before in [*node.steps, step])
        total = writes + _INTERRUPTION * interruptions + _LEFT * left
        return _Node(
            (total, -writes, next(self.numbers)), state, [*node.steps, step], node.interrupted | judged.interrupted
        )

    def _again(self, judged: Judged, node: _Node) -> bool:
        if not self.once:
            return bool(judged.interrupted & node.interrupted)
        calls = {call for call, _what in node.interrupted}
        return any(call in calls for call, _what in judged.interrupted)

    def _judged(self, state: dict[str, dict | None]) -> Judged:
        mark = json.dumps([*state.values()], sort_keys=True)
        if mark not in self.moments_seen:
            self.moments_seen[mark] = self.moments.judged(self._objects(state))
        return self.moments_seen[mark]

    def _objects(self, state: dict[str, dict | None]) -> Objects:
        objects = {kind.name: dict(self.context.get(kind.name, {})) for kind in (INBOUND_TRUNK, DISPATCH_RULE)}
        for key, stored in state.items():
            if stored is not None:
                objects[self.changes[key].kind.name][key] = stored
        return objects

    def _claims(self, state: dict[str, dict | None]) -> Claims:
        held = Claims()
        for key, stored in state.items():
            held.hold(self.changes[key].kind, key, stored)
        return held

    def _contested(self, held: Claims, change: Change, body: dict | None) -> bool:
        return self.held.are_contested(change.kind, body) or held.are_contested(change.kind, body, change.key)

    def _possible(self, state: dict[str, dict | None], held: Claims, change: Change, body: dict | None) -> bool:
        """Whether the server accepts this write, and no rule names a missing trunk afterwards."""
        if change.kind is INBOUND_TRUNK:
            if body is None:
                return not any(change.key in (stored or {}).get("trunk_ids", ()) for stored in state.values())
        elif body is not None:
            if any(state.get(trunk, body) is None for trunk in body.get("trunk_ids") or ()):
                return False
            if change.after != body and written_twice(body):
                return False
        return not self._contested(held, change, body)

    def _halfway(self, state: dict[str, dict | None], held: Claims, change: Change) -> t.Iterator[dict]:
        if change.kind is INBOUND_TRUNK:
            yield from self._trunk_halfway(state, held, change)
        elif change.kind is DISPATCH_RULE:
            yield from self._rule_halfway(state, held, change)

    def _trunk_halfway(self, state: dict[str, dict | None], held: Claims, change: Change) -> t.Iterator[dict]:
        stored, after, parked = state[change.key], change.after, [self.parking[change.key]]
        if stored is None:
            if change.key in self.named:
                yield {**after, "numbers": parked}
            return
        wanted = _normalized(after)
        has = stored.get("numbers") or []
        for other in self.changes.values():
            taken = _normalized(other.after) if other.kind is INBOUND_TRUNK and other is not change else ()
            if any(normalized_number(number) in taken for number in has):
                yield {**stored, "numbers": [n for n in has if normalized_number(n) not in taken] or parked}
        if after is None:
            if has:
                yield {**stored, "numbers": parked}
            return
        both = [number for number in has if normalized_number(number) in wanted]
        free = [
            number
            for number in after.get("numbers") or ()
            if not self._contested(held, change, {**after, "numbers": [number]})
        ]
        for numbers in (both, free, list(dict.fromkeys([*both, *free]))):
            if numbers:
                yield {**after, "numbers": numbers}
        if has and free:
            more = [number for number in free if normalized_number(number) not in _normalized(stored)]
            kept = [number for number in has if number not in parked]
            yield {**stored, "numbers": [*kept, *more]}
        if has or after.get("numbers"):
            yield {**stored, "numbers": parked}

    def _rule_halfway(self, state: dict[str, dict | None], held: Claims, change: Change) -> t.Iterator[dict]:
        stored, after, pin = state[change.key], change.after, self.parking[change.key]
        bodies: list[dict] = []
        if after is not None:
            bodies += self._in_part(after, held, change)
        if stored is not None and after is not None:
            for one, other in ((stored, after), (after, stored)):
                bodies += _with_both(one, other, state)
        yield from bodies
        for body in (stored, after, *bodies):
            if body is not None and pin_of(body) != pin:
                yield with_pin(body, pin)

    def _in_part(self, after: dict, held: Claims, change: Change) -> list[dict]:
        """The rule with only those of its trunks that cause no conflict."""
        trunks = after.get("trunk_ids") or []
        free = [trunk for trunk in trunks if not self._contested(held, change, {**after, "trunk_ids": [trunk]})]
        return [{**after, "trunk_ids": free}] if free and len(free) < len(trunks) else []


def _with_both(one: dict, other: dict, state: dict[str, dict | None]) -> list[dict]:
    """Variants of a rule that also match the calls of another rule, extended in one list or in all lists."""
    lists = [name for name in ("trunk_ids", "numbers", "inbound_numbers") if one.get(name) and other.get(name)]
    found = []
    for names in dict.fromkeys([*((name,) for name in lists), tuple(lists)]):
        body = {**one, **{name: _joined(one[name], other[name], state) for name in names}}
        if body != one and body not in found:
            found.append(body)
    return found


def _joined(one: list[str], other: list[str], state: dict[str, dict | None]) -> list[str]:
    there = [value for value in other if state.get(value, value) is not None]
    joined = {normalized_number(value): value for value in [*there, *one]}
    return list(joined.values()) if set(joined) != set(map(normalized_number, one)) else one


def _normalized(trunk: dict | None) -> set[str]:
    return {normalized_number(number) for number in (trunk or {}).get("numbers") or ()}
