# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Resolves conflicts between objects that concurrent runs write for the same calls: the object with the larger id
yields.

livekit-server does not lock: it checks each of two concurrent writes against a table without the other write, and
stores both. Every call that both objects claim then gets 503. So each run reads the server again after its writes.
A *rival* of an object that this run wrote is an object of another run that has the same name or a common claim.

All runs see the same two ids, so they agree on which object yields: the run that wrote it withdraws it, and the other
run waits. If nothing happens within `PATIENCE_SECONDS`, because the first run was killed or does not use this
collection, the waiting run withdraws its own object, so that calls are answered again.

Withdrawing deletes an object that the run created, and restores an object that it replaced. A rule that names a
withdrawn trunk is withdrawn too. The run then reads again: it finds the other run's object as the desired one, or
fails with the conflict.
"""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from ._claims import Claims, claims
from ._kinds import DISPATCH_RULE, Kind

# Maximum time that the run with the smaller id waits for the other object to yield before its own object yields.
PATIENCE_SECONDS = 1.0
_PAUSE_SECONDS = 0.1

Table = dict[str, list[dict]]  # kind name -> objects


@dataclass
class Written:
    """An object that this run wrote; `before` is None if the run created it."""

    kind: Kind
    key: str
    before: dict | None


def yield_to_rivals(
    written: dict[str, Written],
    known: t.Container[str],
    read: Callable[[], Table],
    withdraw: Callable[[Written], None],
    clock=time,
) -> Table:
    """Wait until no rival is left, and return the last table read. Objects that yield are removed from `written`.

    known: ids of objects that existed before the run. Sharing a name with one of them is not a race.
    """
    deadline = clock.monotonic() + PATIENCE_SECONDS
    while True:
        table = read()
        found = rivals(written, known, table)
        late = clock.monotonic() > deadline
        yielding = {key for key, others in found.items() if late or min(others) < key}
        for key in [*_rules_naming(written, yielding, table), *yielding]:
            withdraw(written.pop(key))
        if found.keys() <= yielding:
            return table
        clock.sleep(_PAUSE_SECONDS)


def rivals(written: dict[str, Written], known: t.Container[str], table: Table) -> dict[str, list[str]]:
    """Id of an object that this run wrote -> ids of its rivals; objects without rivals are omitted."""
    found: dict[str, list[str]] = {}
    for kind in {entry.kind.name: entry.kind for entry in written.values()}.values():
        held, named = Claims(), {}
        others = [stored for stored in table[kind.name] if stored[kind.id_field] not in written]
        for stored in others:
            key = stored[kind.id_field]
            held.hold(kind, key, stored)
            if key not in known:
                named.setdefault(stored.get("name"), set()).add(key)
        for stored in table[kind.name] if others else ():
            key = stored[kind.id_field]
            if key not in written:
                continue
            shared = {other for claim in claims(kind, stored) for other in held.rivals(claim)}
            if written[key].before is None:
                shared |= named.get(stored.get("name"), set())
            if shared:
                found[key] = sorted(shared)
    return found


def _rules_naming(written: dict[str, Written], trunks: set[str], table: Table) -> list[str]:
    """Rules from this run that do not yield themselves, but name a trunk that yields."""
    return [
        stored[DISPATCH_RULE.id_field]
        for stored in table.get(DISPATCH_RULE.name, ())
        if stored[DISPATCH_RULE.id_field] in written
        and stored[DISPATCH_RULE.id_field] not in trunks
        and trunks.intersection(stored.get("trunk_ids") or ())
    ]
