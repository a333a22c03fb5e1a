# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Plans the writes that bring a server to the desired state, and their order, or explains why this is impossible.

Pure: no I/O, no Ansible. The input is the stored and the desired objects; the output is a `Plan`, or a
`PlanError` with a hint.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ._claims import heirs_of
from ._conflicts import conflict
from ._failures import said
from ._findings import MEANT, concerning, relations, told
from ._invalid import invalid
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, KINDS, OUTBOUND_TRUNK, Kind
from ._numbers import normalized_number
from ._objects import Item
from ._order import NEW, Change, NoWay, Step, in_order
from ._validate import problems
from ._written import overlaid

Stored = dict  # an object in the form of the server's JSON
Table = dict[str, dict[str, Stored]]  # kind name -> id -> object


class PlanError(Exception):
    """The reason why the desired state cannot be reached.

    code: not_found, ambiguous, invalid, conflict, in_use, unorderable or unexpected.
    """

    def __init__(self, code: str, message: str, hint: str = ""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass
class Desired:
    """The desired state of one kind of object."""

    items: list[Item] = field(default_factory=list)
    state: str = "present"
    purge: bool = False
    keep: tuple = ()  # names or ids that a purge keeps


@dataclass
class Plan:
    steps: list[Step]  # what to write, in this order
    changes: list[Change]  # the differences, one entry per object
    before: Table
    final: Table
    wanted: dict[str, list[str]]  # kind name -> ids of the desired objects, in the playbook's order
    warnings: list[str]


def plan(
    current: dict[str, list[Stored]],
    desired: dict[str, Desired],
    detach: bool = False,
    update_password: bool = True,
    parking: str = "parked",
) -> Plan:
    """Plan the changes from `current` to `desired`.

    current: kind name -> objects; a kind that was not read is missing, and must not be needed.
    detach: remove a deleted trunk from the rules that name it, instead of rejecting the plan.
    update_password: False keeps the passwords of existing trunks, for servers that do not return them.
    parking: prefix of placeholder numbers and PINs for objects that swap theirs.
    """
    draft = _Draft(current, update_password)
    for kind in (INBOUND_TRUNK, OUTBOUND_TRUNK, DISPATCH_RULE):
        if kind.name in desired:
            draft.apply(kind, desired[kind.name])
    draft.detach_deleted_trunks(detach)
    changes = draft.changes()
    _check(draft, changes)
    problem = conflict(draft.final, changes)
    if problem:
        raise PlanError(*problem)
    try:
        steps = in_order(draft.before, changes, parking)
    except NoWay as error:
        raise PlanError(*said("unorderable", way=error)) from error
    warnings = [*draft.warnings, *_told(draft, changes)]
    return Plan(steps, changes, draft.before, draft.final, draft.wanted, warnings)


class _Draft:
    """The table before and after the changes."""

    def __init__(self, current: dict[str, list[Stored]], update_password: bool):
        self.before: Table = {
            name: {stored[KINDS[name].id_field]: stored for stored in objects} for name, objects in current.items()
        }
        self.final: Table = {name: dict(objects) for name, objects in self.before.items()}
        self.update_password = update_password
        self.trunks_named: dict[str, list[str]] | None = None
        self.wanted: dict[str, list[str]] = {}
        self.warnings: list[str] = []
        self.allowed_wildcards: set[str] = set()

    def apply(self, kind: Kind, desired: Desired) -> None:
        _refuse_duplicates(desired.items)
        by_name: dict[str, list[str]] = {}
        for key, stored in self.before[kind.name].items():
            by_name.setdefault(stored.get("name", ""), []).append(key)
        matched = [self._find(kind, item, by_name) for item in desired.items]
        if desired.state == "absent":
            self.wanted[kind.name] = [key for key in matched if key]
            for key in self.wanted[kind.name]:
                del self.final[kind.name][key]
            return
        unlisted = self._unlisted(kind, desired, matched) if desired.purge else set()
        for index, item in enumerate(desired.items):
            if not matched[index]:
                matched[index] = self._renamed(kind, item, unlisted) or f"{NEW}{kind.name}:{item.name}"
                unlisted.discard(matched[index])
        merged = {key: self._merged(item, key) for item, key in zip(desired.items, matched)}
        if kind is DISPATCH_RULE and unlisted:
            new = {key: stored for key, stored in merged.items() if key.startswith(NEW)}
            heirs = heirs_of({key: self.before[kind.name][key] for key in unlisted}, new)
            matched = [heirs.get(key, key) for key in matched]
            merged = {heirs.get(key, key): stored for key, stored in merged.items()}
            self.allowed_wildcards = {heirs.get(key, key) for key in self.allowed_wildcards}
            for old in heirs.values():
                merged[old] = {**merged[old], kind.id_field: old}
        for key in unlisted - set(matched):
            del self.final[kind.name][key]
        self.final[kind.name].update(merged)
        self.wanted[kind.name] = matched

    def _find(self, kind: Kind, item: Item, by_name: dict[str, list[str]]) -> str:
        if item.id:
            if item.id in self.before[kind.name]:
                return item.id
            known = _known_names(kind, by_name)
            raise PlanError(*said("id_unknown", key=repr(item.id), kind=kind.title, known=known))
        if not item.name:
            raise PlanError("invalid", f"name: '' is invalid: {invalid('no_name', kind=kind.title)}")
        keys = by_name.get(item.name, [])
        if len(keys) > 1:
            words = {"count": len(keys), "kind": kind.title, "keys": ", ".join(sorted(keys))}
            raise PlanError(*said("name_ambiguous", name=repr(item.name), **words))
        return keys[0] if keys else ""

    def _unlisted(self, kind: Kind, desired: Desired, matched: list[str]) -> set[str]:
        listed = {*matched, *desired.keep}
        return {
            key
            for key, stored in self.before[kind.name].items()
            if key not in listed and stored.get("name") not in desired.keep
        }

    def _renamed(self, kind: Kind, item: Item, unlisted: set[str]) -> str:
        """The trunk that is renamed instead of purged, because it has exactly the same numbers as a new one."""
        numbers = _numbers(item.fields)
        if kind is not INBOUND_TRUNK or not numbers:
            return ""
        same = sorted(key for key in unlisted if _numbers(self.before[kind.name][key]) == numbers)
        if len(same) > 1:
            words = {"numbers": ", ".join(sorted(numbers)), "keys": ", ".join(same)}
            raise PlanError(*said("rename_ambiguous", label=item.label, **words))
        return same[0] if same else ""

    def _merged(self, item: Item, key: str) -> Stored:
        stored = self.before[item.kind.name].get(key, {})
        keep_password = bool(stored) and not self.update_password
        merged = {**stored, **{name: None for name in item.clear if stored.get(name)}}
        for spec in item.kind.fields:
            if spec.name in item.fields and not (spec.name == "auth_password" and keep_password):
                merged[spec.name] = spec.merge(merged.get(spec.name), item.fields[spec.name])
            elif spec.name not in item.clear:
                continue
            # Equivalent values keep the server's form, and are still omitted if the server does not know the field.
            if stored and spec.same(stored.get(spec.name), merged.get(spec.name)):
                if spec.name in stored:
                    merged[spec.name] = stored[spec.name]
                else:
                    merged.pop(spec.name, None)
        if item.other_fields:
            merged = overlaid(merged, item.other_fields)
        if item.kind is DISPATCH_RULE:
            self._set_trunks(item, key, merged)
        if keep_password and merged != stored and not merged.get("auth_password") and "auth_password" in item.fields:
            # If a server does not return the password, replacing the trunk without the password would delete it.
            merged["auth_password"] = item.fields["auth_password"]
        return merged

    def _set_trunks(self, item: Item, key: str, merged: Stored) -> None:
        if item.any_trunk:
            if item.trunks:
                raise PlanError("invalid", f"{item.label}: any_trunk: True is invalid: {invalid('any_trunk')}")
            self.allowed_wildcards.add(key)
            if merged.get("trunk_ids"):
                merged["trunk_ids"] = []
        elif item.trunks is not None:
            named = merged.get("trunk_ids") or ()
            # A trunk id that the rule already has may belong to a deleted trunk. This is reported but not changed.
            found = (trunk if trunk in named else self._trunk_id(item, trunk) for trunk in item.trunks)
            trunk_ids = list(dict.fromkeys(found))
            if set(trunk_ids) != set(merged.get("trunk_ids") or []):
                merged["trunk_ids"] = trunk_ids

    def _trunk_id(self, item: Item, trunk: str) -> str:
        trunks = self.final[INBOUND_TRUNK.name]
        if trunk in trunks:
            return trunk
        if self.trunks_named is None:
            # Built only once for all rules, because the trunks are final when the first rule resolves its trunks.
            self.trunks_named = {}
            for key, stored in trunks.items():
                self.trunks_named.setdefault(stored.get("name", ""), []).append(key)
        keys = sorted(self.trunks_named.get(trunk, ()))
        if len(keys) == 1:
            return keys[0]
        if keys:
            words = {"count": len(keys), "keys": ", ".join(keys)}
            raise PlanError(*said("trunk_ambiguous", label=item.label, trunk=repr(trunk), **words))
        known = _known_names(INBOUND_TRUNK, self.trunks_named)
        raise PlanError(*said("trunk_unknown", label=item.label, trunk=repr(trunk), known=known))

    def detach_deleted_trunks(self, detach: bool) -> None:
        gone = set(self.before.get(INBOUND_TRUNK.name, ())) - set(self.final.get(INBOUND_TRUNK.name, ()))
        if not gone:
            return
        rules = self.final[DISPATCH_RULE.name]
        for key, rule in list(rules.items()):
            lost = gone.intersection(rule.get("trunk_ids") or ())
            if not lost:
                continue
            left = [trunk for trunk in rule["trunk_ids"] if trunk not in gone]
            trunks = self.before[INBOUND_TRUNK.name]
            names = ", ".join(repr(trunks[trunk].get("name") or trunk) for trunk in sorted(lost))
            label = f"dispatch rule {rule.get('name') or key!r}"
            if not detach:
                raise PlanError(*said("in_use", names=names, label=label))
            if not left:
                raise PlanError(*said("last_trunk", names=names, label=label))
            rules[key] = {**rule, "trunk_ids": left}

    def changes(self) -> list[Change]:
        found = []
        for name, final in self.final.items():
            kind, before = KINDS[name], self.before[name]
            for key in [*before, *(key for key in final if key not in before)]:
                if final.get(key) != before.get(key):
                    found.append(Change(kind, key, before.get(key), final.get(key)))
        return found


def _check(draft: _Draft, changes: list[Change]) -> None:
    """Report all errors in the final objects together."""
    found = [
        problem
        for change in changes
        if change.after is not None
        for problem in problems(change.kind, change.after, change.key in draft.allowed_wildcards)
    ]
    draft.warnings += [problem.message for problem in found if problem.warning]
    errors = [problem.message for problem in found if not problem.warning]
    if errors:
        raise PlanError("invalid", " ".join(errors))


def _told(draft: _Draft, changes: list[Change]) -> list[str]:
    """Warnings about relations between objects that this run lists or changes, and about calls that already fail."""
    touched = {(name, key) for name, keys in draft.wanted.items() for key in keys}
    touched |= {(change.kind.name, change.key) for change in changes}
    # Trunks that are only assumed to exist, in check mode, have no known properties.
    assumed = {(name, key) for name, table in draft.before.items() for key in table if key.startswith(NEW)}
    meant = {(DISPATCH_RULE.name, key) for key in draft.allowed_wildcards}
    return [
        told(finding)
        for finding in concerning(relations(draft.final), touched)
        if not any(
            (kind.name, key) in assumed or (kind.name, key) in meant and finding.code in MEANT
            for kind, key in finding.objects
        )
    ]


def _numbers(stored: Stored) -> set[str]:
    return {normalized_number(number) for number in stored.get("numbers") or []}


def _refuse_duplicates(items: list[Item]) -> None:
    """Reject repeated ids, and repeated names unless ids distinguish the objects."""
    by_name: dict[str, Item] = {}
    ids = set()
    for item in items:
        twin = by_name.setdefault(item.name, item) if item.name else item
        if twin is not item and not (twin.id and item.id):
            raise _twins(item, "name")
        if item.id in ids:
            raise _twins(item, "id")
        if item.id:
            ids.add(item.id)


def _twins(item: Item, by: str) -> PlanError:
    value = repr(item.id if by == "id" else item.name)
    reason = invalid(f"{by}_twice", kind=item.kind.title, name=value)
    return PlanError("invalid", f"{by}: {value} is invalid: {reason}")


def _known_names(kind: Kind, by_name: dict[str, list[str]]) -> str:
    known = sorted(name or ", ".join(keys) for name, keys in by_name.items())
    return f"Existing {kind.title}s: {', '.join(known)}" if known else f"The server has no {kind.title}s"
