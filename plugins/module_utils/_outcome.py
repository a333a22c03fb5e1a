# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The result of a run, or its prediction in check mode: actions, objects and diff, with the server's ids."""

from __future__ import annotations

from dataclasses import dataclass

from ._diff import diff
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, Kind
from ._objects import show
from ._order import NEW, Change, Step
from ._plan import Plan, Table
from ._ways import changed_ways


class Keys:
    """The server's ids for objects whose keys start with NEW."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}

    def real(self, key: str) -> str:
        return self.ids.get(key, key)

    def in_body(self, body: dict | None) -> dict | None:
        if body and body.get("trunk_ids"):
            return {**body, "trunk_ids": [self.real(trunk) for trunk in body["trunk_ids"]]}
        return body

    def in_table(self, table: dict[str, dict]) -> dict[str, dict]:
        return {self.real(key): stored for key, stored in table.items()}

    def in_change(self, change: Change) -> Change:
        return Change(change.kind, self.real(change.key), change.before, change.after)


@dataclass
class Outcome:
    """The result of a run, or its prediction in check mode.

    Keys are ids, or NEW and a name for objects that check mode did not create.
    """

    changes: list[Change]  # between the start and the end of the run
    actions: list[dict]
    wanted: dict[str, list[str]]  # kind name -> keys of the desired objects, in the playbook's order
    stored: dict[str, dict[str, dict]]  # kind name -> key -> existing or deleted object
    names: dict[str, str]  # key of an inbound trunk -> its name
    before: Table  # only the kinds that the run had to read
    after: Table

    def shown(self, kind: Kind, key: str) -> dict:
        return show(kind, self.stored[kind.name][key], self.names)

    def shown_changes(self, kind: Kind) -> list[dict]:
        return [self.shown(kind, change.key) for change in self.changes if change.kind is kind]

    def shown_all(self, kind: Kind) -> list[dict]:
        gone = {change.key for change in self.changes if change.after is None}
        return [self.shown(kind, key) for key in self.stored.get(kind.name, ()) if key not in gone]

    def result(self) -> dict:
        return {"changed": bool(self.actions), "actions": self.actions, "diff": diff(self.changes, self.names)}

    def changed_ways(self) -> list[str]:
        """The calls whose results change; an empty list if trunks or rules were not read."""
        known = {INBOUND_TRUNK.name, DISPATCH_RULE.name} <= self.before.keys()
        return changed_ways(self.before, self.after) if self.actions and known else []


def outcome_of(first: Plan, last: Plan, actions: list[dict], answers: dict[str, dict], ids: Keys) -> Outcome:
    """The outcome of a run.

    first: the plan before the run.
    last: the plan after the final read, with the remaining changes.
    answers: id -> object as the server returned it.
    """
    for name, keys in first.wanted.items():
        # The last plan has ids for objects that were new in the first plan, but does not contain deleted objects.
        for key, now in zip(keys, last.wanted[name]):
            if now != key:
                ids.ids[key] = now
    wanted = {name: [ids.real(key) for key in keys] for name, keys in first.wanted.items()}
    changes = [ids.in_change(change) for change in (first.changes if actions else ())]
    stored = {
        name: {key: answers.get(key, final) for key, final in ids.in_table(table).items()}
        for name, table in last.final.items()
    }
    for change in changes:
        if change.after is None:
            stored[change.kind.name].setdefault(change.key, change.before)
    names = {}
    for table in (first.before, first.final, last.final):
        for key, trunk in table.get(INBOUND_TRUNK.name, {}).items():
            names[key] = names[ids.real(key)] = trunk.get("name", "")
    return Outcome(changes, actions, wanted, stored, names, first.before, last.final)


def name_of(step: Step, planned: Plan) -> str:
    tables = (planned.final[step.kind.name], planned.before[step.kind.name])
    return next(table[step.key].get("name", "") for table in tables if step.key in table)


def action_of(step: Step, key: str, name: str) -> dict:
    action = {"action": step.action, "object": step.kind.name, "name": name, "id": "" if key.startswith(NEW) else key}
    if step.parked:
        action["parked"] = True
    if step.interrupts:
        action["interrupts"] = step.interrupts
    return action
