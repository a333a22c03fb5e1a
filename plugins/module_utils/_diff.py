# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The human-readable diff of a run: the values that are set and differ, and the number of objects."""

from __future__ import annotations

import typing as t
from collections import Counter

from ._fields import FieldType
from ._kinds import KINDS, RULE_KINDS, Kind
from ._messages import Message, MessageList
from ._objects import show
from ._order import Change
from ._written import HIDDEN

_DONE = {"create": "created", "replace": "changed", "delete": "deleted"}


def diff(changes: list[Change], names: dict[str, str]) -> dict:
    """The values before and after the changes, as table -> object -> field, with secrets hidden."""
    before: dict = {}
    after: dict = {}
    labelled = set()
    for change in changes:
        label = (change.after or change.before or {}).get("name") or change.key
        if (change.kind.table, label) in labelled:
            label = f"{label} ({change.key})"
        labelled.add((change.kind.table, label))
        sides = [
            [show(change.kind, stored, names, hide) if stored else {} for stored in (change.before, change.after)]
            for hide in (False, True)
        ]
        was, now = _difference(_types(change.kind), *sides[0], *sides[1])
        if change.action != "replace":
            # The name is already the key of the object.
            was.pop("name", None)
            now.pop("name", None)
        for side, stored, shown in ((before, change.before, was), (after, change.after, now)):
            if stored:
                side.setdefault(change.kind.table, {})[label] = shown
    # Ansible shows the headers above the diff, one for each side.
    count = {f"{side}_header": _counted(changes) for side in ("before", "after")} if len(changes) > 1 else {}
    return {"before": before, "after": after, **count}


def _counted(changes: list[Change]) -> str:
    """The number of created, changed and deleted objects of each kind."""
    counts = Counter((change.action, change.kind.name) for change in changes)
    found = []
    for action, done in _DONE.items():
        some = [
            f"{counts[action, name]} {kind.title}{'s' if counts[action, name] > 1 else ''}"
            for name, kind in KINDS.items()
            if counts[action, name]
        ]
        found += [f"{', '.join(some)} {done}"] if some else []
    return "; ".join(found)


def _types(kind: Kind) -> dict[str, FieldType]:
    """The types of an object's options, including those that are not fields."""
    return {field.name: field.type for field in kind.fields} | RULE_KINDS


def _difference(types: t.Mapping[str, FieldType], was: dict, now: dict, shown_was: dict, shown_now: dict):
    """The keys that differ, with their shown values. A hidden value that changed is marked as changed."""
    before, after = {}, {}
    for key in [*was, *(key for key in now if key not in was)]:
        kind = types.get(key)
        # A rule's kind is shown even if nothing below it is set.
        unset = None if key in RULE_KINDS or kind is None else kind.empty
        old, new = was.get(key, unset), now.get(key, unset)
        if key == "id" or old == new or (key not in RULE_KINDS and not (old or new)):
            continue
        old_shown, new_shown = shown_was.get(key), shown_now.get(key)
        if old and new and all(isinstance(value, dict) for value in (old, new, old_shown, new_shown)):
            below = {name: field.type for name, field in kind.by_name.items()} if isinstance(kind, Message) else {}
            before[key], after[key] = _difference(below, old, new, old_shown, new_shown)
            continue
        if key in was:
            before[key] = _set(kind, old_shown)
        if key in now:
            changed = key in was and old_shown == new_shown
            after[key] = f"{HIDDEN[:-1]}, changed>" if changed else _set(kind, new_shown)
    return before, after


def _set(kind: FieldType | None, option):
    """An option without unset values. In a list, a message that has only its first field is shown as that field."""
    if isinstance(kind, MessageList) and isinstance(option, list):
        items = [_set(kind.message, item) for item in option]
        return [item[kind.first] if item.keys() == {kind.first} else item for item in items]
    if isinstance(kind, Message) and isinstance(option, dict):
        return {
            name: _set(kind.by_name[name].type, value)
            for name, value in option.items()
            if value != kind.by_name[name].type.empty
        }
    return option
