# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""A change to one object, and a single write."""

from __future__ import annotations

from dataclasses import dataclass, field

from ._claims import pin_of
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, Kind

# Prefix of the key of an object that has no id yet.
NEW = "new:"


@dataclass
class Change:
    """A change to one object: `before` is None if the object is new, `after` is None if it is deleted."""

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
    body: dict | None  # the object to store; its trunk_ids may contain keys that start with NEW
    parked: bool = False  # the object gets an intermediate form, and its final form in a later write
    asks: bool = False  # the rule asks for a PIN before or after this write
    interrupts: list[str] = field(default_factory=list)  # numbers whose calls get worse results until a later write
    batch: int = 0  # the writes of one batch may run in any order, or concurrently


# Additions come before removals, so that calls are answered throughout: the rule exists before its trunk gets numbers.
_RANKS = {
    (INBOUND_TRUNK, "create"): 1,
    (DISPATCH_RULE, "create"): 2,
    (DISPATCH_RULE, "replace"): 2,
    (INBOUND_TRUNK, "replace"): 3,
    (DISPATCH_RULE, "delete"): 4,
    (INBOUND_TRUNK, "delete"): 5,
}


def rank(written: Change | Step) -> int:
    return _RANKS.get((written.kind, written.action), 0)


def asks(rule: dict | None) -> bool:
    return bool(rule and pin_of(rule))
