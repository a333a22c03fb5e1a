# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Checks for conflicts in a table: if two objects can match the same call, the server answers it with 503.

Pure: no I/O, no Ansible. An existing conflict that a run does not affect is not rejected; `_findings` reports it.
"""

from __future__ import annotations

from ._claims import Claims, RuleClaim, TrunkClaim, claims, written_twice
from ._failures import said
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, Kind
from ._order import Change


def conflict(final: dict[str, dict[str, dict]], changes: list[Change]) -> tuple[str, str, str] | None:
    """Code, message and hint for two objects that can match the same call, or None.

    A conflict counts if this run changes one of the objects, or if the server would reject a write because of it.
    final: the table after the run, kind name -> key -> object.
    """
    for kind in dict.fromkeys(change.kind for change in changes):
        written = {change.key: change for change in changes if change.kind is kind and change.after is not None}
        held, table = Claims(), final[kind.name]
        for key, stored in table.items() if written else ():
            for claim in claims(kind, stored):
                for other in sorted(held.rivals(claim, key)):
                    refused = claim in claims(kind, table[other]) and any(
                        _judged_with(change, stored, table[other]) for change in written.values()
                    )
                    if key in written or other in written or refused:
                        return _conflict(kind, claim, table[other], stored)
                held.add(key, claim)
            own_rival = kind is DISPATCH_RULE and key not in written and written_twice(stored)
            if own_rival and any(_judged_with(change, stored) for change in written.values()):
                return _own_rival(stored)
    return None


def _judged_with(change: Change, *others: dict) -> bool:
    """Whether the server checks all of these objects together when it stores the change.

    Source: https://github.com/livekit/livekit/blob/master/pkg/service/sip.go
    """
    if change.kind is DISPATCH_RULE and change.before is None:
        return True
    part = "trunk_ids" if change.kind is DISPATCH_RULE else "numbers"
    named = set(change.after.get(part) or ())
    return all(not named or not other.get(part) or named.intersection(other[part]) for other in others)


def _conflict(kind: Kind, claim: TrunkClaim | RuleClaim, one: dict, other: dict) -> tuple[str, str, str]:
    labels = " and ".join(sorted(repr(stored.get("name") or stored.get(kind.id_field)) for stored in (one, other)))
    if kind is INBOUND_TRUNK:
        what = f"the number {claim.number}" if claim.number else "calls to any number"
    else:
        what = f"calls to {claim.number or 'any number'} on the same trunk with the same PIN or none"
    what += f" from {claim.caller}" if claim.caller else ""
    return said("conflict", kind=kind.title, labels=labels, numbers=claim.number or "[]", what=what)


def _own_rival(rule: dict) -> tuple[str, str, str]:
    label = repr(rule.get("name") or rule.get(DISPATCH_RULE.id_field))
    return said("own_rival", label=label, numbers=", ".join(written_twice(rule)))
