# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Finds objects that can match the same call, for the plan, the order of writes, concurrent runs and findings.

Pure: no I/O, no Ansible. Source: validateTrunkInbound and DispatchRuleValidator in
https://github.com/livekit/protocol/blob/main/sip/sip.go
"""

from __future__ import annotations

import typing as t
from itertools import product

from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, Kind, rule_of
from ._numbers import normalized_number


class TrunkClaim(t.NamedTuple):
    """Calls that an inbound trunk matches; an empty string means any number or any caller."""

    number: str
    caller: str


class RuleClaim(t.NamedTuple):
    """Calls that a dispatch rule matches; an empty string means no PIN, or any trunk, caller or number."""

    pin: str
    trunk: str
    caller: str
    number: str


def claims(kind: Kind, stored: dict | None) -> list[TrunkClaim] | list[RuleClaim]:
    """The calls that an object matches, with normalized numbers; none for an outbound trunk."""
    if stored is None:
        return []
    if kind is INBOUND_TRUNK:
        return [*map(TrunkClaim._make, product(_normalized(stored, "numbers"), _normalized(stored, "allowed_numbers")))]
    if kind is DISPATCH_RULE:
        trunks = dict.fromkeys(stored.get("trunk_ids") or [""])
        callers, numbers = _normalized(stored, "inbound_numbers"), _normalized(stored, "numbers")
        return [*map(RuleClaim._make, product([pin_of(stored)], trunks, callers, numbers))]
    return []


def place(claim: tuple) -> tuple[tuple, str]:
    """A claim as a key that all rivals share, and the caller that may distinguish them."""
    return ((claim.number,), claim.caller) if isinstance(claim, TrunkClaim) else (tuple(claim), "")


class Claims:
    """An index of the calls that each object matches.

    Two trunks can match the same call if they share a number and a caller; "any caller" overlaps every caller. The
    server answers such a call with an error. Addresses do not distinguish trunks: the server ignores them when it
    checks a table, and a caller can forge a From header with a host from another trunk's allowed_addresses.

    Two rules can match the same call if they share a trunk, a PIN, a caller and a number. The server then answers no
    call on that trunk. A rule with trunks, callers or numbers takes precedence over one without, and so does a trunk
    with numbers. Therefore, an empty string there overlaps only another empty string.
    """

    def __init__(self) -> None:
        self._holders: dict[tuple, dict[str, set[str]]] = {}

    def add(self, key: str, claim: tuple) -> None:
        where, caller = place(claim)
        self._holders.setdefault(where, {}).setdefault(caller, set()).add(key)

    def discard(self, key: str, claim: tuple) -> None:
        where, caller = place(claim)
        holders = self._holders.get(where, {})
        keys = holders.get(caller, set())
        keys.discard(key)
        if not keys:
            holders.pop(caller, None)

    def hold(self, kind: Kind, key: str, stored: dict | None) -> None:
        """Add all calls that an object matches."""
        for claim in claims(kind, stored):
            self.add(key, claim)

    def are_contested(self, kind: Kind, stored: dict | None, key: str = "") -> bool:
        """Whether an object other than `key` can match a call that `stored` matches."""
        return any(self.rivals(claim, key) for claim in claims(kind, stored))

    def rivals(self, claim: tuple, key: str = "") -> set[str]:
        """The objects other than `key` that can match a call that this claim covers."""
        where, caller = place(claim)
        holders = self._holders.get(where)
        if not holders:
            return set()
        groups = holders.values() if caller == "" else (holders.get(caller, ()), holders.get("", ()))
        return {other for group in groups for other in group} - {key}


def can_match_one_call(kind: Kind, one: dict, other: dict) -> t.NamedTuple | None:
    """The claim of `one` that overlaps a claim of `other`, or None if no call can match both objects."""
    held = Claims()
    held.hold(kind, "other", other)
    return next((claim for claim in claims(kind, one) if held.rivals(claim)), None)


def heirs_of(going: dict[str, dict], new: dict[str, dict]) -> dict[str, str]:
    """Key of a new rule -> id of the deleted rule that matches some of the same calls and is changed in place instead.

    Between a delete and a create, no rule or the wrong rule would match these calls.
    """
    holders = {claim: key for key, rule in sorted(going.items()) for claim in claims(DISPATCH_RULE, rule)}
    shared: dict[tuple[str, str], int] = {}
    for key, rule in new.items():
        for claim in claims(DISPATCH_RULE, rule):
            if claim in holders:
                pair = key, holders[claim]
                shared[pair] = shared.get(pair, 0) + 1
    heirs: dict[str, str] = {}
    taken = set()
    for heir, old in sorted(shared, key=lambda pair: (-shared[pair], pair)):
        if heir not in heirs and old not in taken:
            heirs[heir] = old
            taken.add(old)
    return heirs


def written_twice(rule: dict) -> list[str]:
    """Trunk ids and numbers that a rule lists twice, in any spelling; such a rule conflicts with itself."""
    found = list(_twice(rule.get("trunk_ids") or ()))
    for name in ("inbound_numbers", "numbers"):
        numbers = rule.get(name) or []
        twice = set(_twice(normalized_number(number) for number in numbers))
        found += [number for number in numbers if normalized_number(number) in twice]
    return found


def pin_of(rule: dict) -> str:
    return rule_of(rule.get("rule"))[1].get("pin") or ""


def with_pin(rule: dict, pin: str) -> dict:
    kinds = {name: options and {**options, "pin": pin} for name, options in (rule.get("rule") or {}).items()}
    return {**rule, "rule": kinds}


def _normalized(stored: dict, name: str) -> list[str]:
    return sorted({normalized_number(number) for number in stored.get(name) or []}) or [""]


def _twice(values: t.Iterable[str]) -> t.Iterator[str]:
    seen = set()
    for value in values:
        if value in seen:
            yield value
        seen.add(value)
