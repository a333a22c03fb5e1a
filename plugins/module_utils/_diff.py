# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Before and after of what changes, for people."""

from __future__ import annotations

from ._objects import show
from ._order import Change
from ._written import HIDDEN


def diff(changes: list[Change], names: dict[str, str]) -> dict:
    """Before and after of what changes, and nothing else: table -> object -> field, secrets hidden."""
    before: dict = {}
    after: dict = {}
    for change in changes:
        label = (change.after or change.before or {}).get("name") or change.key
        sides = [
            [show(change.kind, stored, names, hide) if stored else {} for stored in (change.before, change.after)]
            for hide in (False, True)
        ]
        was, now = _difference(*sides[0], *sides[1])
        for side, stored, shown in ((before, change.before, was), (after, change.after, now)):
            if stored:
                side.setdefault(change.kind.table, {})[label] = shown
    return {"before": before, "after": after}


def _difference(was: dict, now: dict, shown_was: dict, shown_now: dict) -> tuple[dict, dict]:
    """The keys that differ, as shown. A hidden value that changes is said to change."""
    before, after = {}, {}
    for key in [*was, *(key for key in now if key not in was)]:
        old, new = was.get(key), now.get(key)
        if key == "id" or old == new or not (old or new):
            continue
        old_shown, new_shown = shown_was.get(key), shown_now.get(key)
        if all(isinstance(value, dict) for value in (old, new, old_shown, new_shown)):
            before[key], after[key] = _difference(old, new, old_shown, new_shown)
            continue
        if key in was:
            before[key] = old_shown
        if key in now:
            after[key] = f"{HIDDEN[:-1]}, changed>" if old_shown == new_shown else new_shown
    return before, after
