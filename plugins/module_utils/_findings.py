# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Findings about a whole table: calls that fail, rules that no call reaches, trunks without restrictions.

Pure: no I/O, no Ansible. Findings about single objects are in `_object_findings`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ._addresses import address, honoured_masks, network
from ._calls import shortened
from ._claims import Claims, claims, pin_of, written_twice
from ._fields import Duration
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, KINDS, OUTBOUND_TRUNK, Kind
from ._numbers import normalized_number
from ._object_findings import ERROR, NOTE, WARNING, Finding, label_of, names_of_several, of_headers, of_media

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


# Findings about relations between objects, worth a warning if a run affects one of them. Other findings concern a
# single object, or are often intended.
RELATIONS = {
    "trunks_conflict",
    "rules_conflict",
    "rule_is_own_rival",
    "trunk_missing",
    "rule_number_unknown",
    "rule_number_form",
    "caller_is_own_number",
    "codec_rate_missing",
    "codecs_none",
    "codecs_unknown",
    "rule_unreachable",
}

# Findings worth a warning in every run, no matter who caused them: calls fail, or any caller is answered.
STANDING = {
    "trunks_conflict",
    "rules_conflict",
    "rule_is_own_rival",
    "rule_answers_anybody",
    "trunk_missing",
}

# Findings that a playbook confirms with any_trunk: true.
MEANT = {"rule_answers_anybody"}


def findings(objects: dict[str, dict[str, dict]]) -> list[Finding]:
    """All findings about a table (kind name -> id -> object), the most severe first."""
    return _sorted(_graph(objects).findings())


def relations(objects: dict[str, dict[str, dict]]) -> list[Finding]:
    """The findings in RELATIONS and STANDING, which a run may warn about. Finding others takes longer than planning."""
    return _sorted(_graph(objects).relations())


def _graph(objects: dict[str, dict[str, dict]]) -> _Graph:
    return _Graph(
        *(objects.get(kind.name, {}) for kind in (INBOUND_TRUNK, OUTBOUND_TRUNK, DISPATCH_RULE)),
        knows_rules=DISPATCH_RULE.name in objects,
    )


def _sorted(found: Iterable[Finding]) -> list[Finding]:
    order = [ERROR, WARNING, NOTE]
    return sorted(found, key=lambda finding: (order.index(finding.severity), finding.code, finding.cause))


@dataclass
class _Graph:
    trunks: dict[str, dict]
    outbound: dict[str, dict]
    rules: dict[str, dict]
    knows_rules: bool
    numbers_of_trunks: dict[tuple[str, ...], tuple[set[str], dict[str, str]]] = field(default_factory=dict)

    @property
    def tables(self) -> tuple[tuple[Kind, dict[str, dict]], ...]:
        return (INBOUND_TRUNK, self.trunks), (OUTBOUND_TRUNK, self.outbound), (DISPATCH_RULE, self.rules)

    def relations(self) -> Iterator[Finding]:
        yield from self._conflicts(INBOUND_TRUNK, self.trunks)
        yield from self._conflicts(DISPATCH_RULE, self.rules)
        for key, rule in self.rules.items():
            yield from self._of_rule(key, rule)
        for kind, table in self.tables:
            for key, stored in table.items():
                yield from of_media(kind, key, stored)

    def findings(self) -> Iterator[Finding]:
        yield from self.relations()
        yield from self._outbound_trunks()
        for key, trunk in self.trunks.items():
            yield from self._of_trunk(key, trunk)
        for kind, table in self.tables:
            yield from names_of_several(kind, table)
            for key, stored in table.items():
                yield from of_headers(kind, key, stored)
                if stored.get("krisp_enabled"):
                    cause = f"{label_of(kind, key, stored)} has krisp_enabled, which works only on LiveKit Cloud"
                    yield Finding("krisp_self_hosted", NOTE, ((kind, key),), cause, "omit krisp_enabled")
        if self.knows_rules:
            yield from self._unused_trunks()
            yield from self._pin_before_open()

    def _conflicts(self, kind: Kind, table: dict[str, dict]) -> Iterator[Finding]:
        held, told = Claims(), set()
        for key, stored in table.items():
            for claim in claims(kind, stored):
                for other in sorted(held.rivals(claim, key)):
                    if (other, key) not in told:
                        told.add((other, key))
                        yield self._conflict(kind, table, other, key, claim)
                held.add(key, claim)

    def _conflict(self, kind: Kind, table: dict, one: str, other: str, claim) -> Finding:
        labels = f"{label_of(kind, one, table[one])} and {label_of(kind, other, table[other])}"
        calls = f"calls to {claim.number or 'any number'}" + (f" from {claim.caller}" if claim.caller else "")
        where = ((kind, one), (kind, other))
        if kind is INBOUND_TRUNK:
            cause = f"{labels} both match {calls}: livekit-server answers such calls with 503"
            return Finding(
                "trunks_conflict", ERROR, where, cause, "assign each number, or each caller, to only one trunk"
            )
        trunk = f"trunk {self._name(claim.trunk)}" if claim.trunk else "any trunk"
        cause = f"{labels} both match {calls} on {trunk} with the same PIN or none: the trunk's calls get 503"
        return Finding("rules_conflict", ERROR, where, cause, "delete one of them, or change trunk, numbers or PIN")

    def _outbound_trunks(self) -> Iterator[Finding]:
        first: dict[tuple, str] = {}
        for key, trunk in self.outbound.items():
            label = label_of(OUTBOUND_TRUNK, key, trunk)
            if bool(trunk.get("auth_username")) != bool(trunk.get("auth_password")):
                cause = f"{label} has only one of auth_username and auth_password: calls fail if asked for them"
                yield Finding("password_missing", ERROR, ((OUTBOUND_TRUNK, key),), cause, "give both, or neither")
            numbers = frozenset(map(normalized_number, trunk.get("numbers") or ()))
            same = (trunk.get("address"), trunk.get("transport"), trunk.get("auth_username"), numbers)
            other = first.setdefault(same, key)
            if other != key:
                cause = f"{label_of(OUTBOUND_TRUNK, other, self.outbound[other])} and {label} call the same way"
                where = ((OUTBOUND_TRUNK, other), (OUTBOUND_TRUNK, key))
                yield Finding("trunk_twice", NOTE, where, cause, "delete the one that no request names")

    def _of_trunk(self, key: str, trunk: dict) -> Iterator[Finding]:
        label, where = label_of(INBOUND_TRUNK, key, trunk), ((INBOUND_TRUNK, key),)
        numbers, masks = trunk.get("numbers") or [], trunk.get("allowed_addresses") or []
        if bool(trunk.get("auth_username")) != bool(trunk.get("auth_password")):
            cause = f"{label} has only one of auth_username and auth_password, so callers are not asked for a password"
            yield Finding("password_missing", ERROR, where, cause, "give both, or neither")
        if not (numbers or masks or trunk.get("auth_username")):
            cause = f"{label} has no numbers, addresses or password: it matches every call"
            yield Finding("trunk_takes_all", WARNING, where, cause, "give it numbers or allowed_addresses")
        honoured = honoured_masks(masks)
        dropped = [mask for mask in masks if mask not in honoured]
        if dropped:
            cause = f"{label}: livekit-server ignores {shortened(dropped)} in allowed_addresses"
            if len(dropped) == len(masks):
                cause += "; if none is left, it allows every source"
            yield Finding("mask_dropped", ERROR, where, cause, "give one address, network or host name per entry")
        unread = [mask for mask in masks if mask not in dropped and not _readable(mask)]
        unreadable = [mask for mask in unread if re.search(r"[/:]", mask)]
        if unreadable:
            cause = f"{label}: {shortened(unreadable)} in allowed_addresses is neither an address nor a network"
            yield Finding(
                "mask_unreadable", ERROR, where, cause, "write networks with a prefix length, such as 198.51.100.0/24"
            )
        hosts = [mask for mask in unread if mask not in unreadable]
        if hosts:
            cause = f"{label}: {shortened(hosts)}in allowed_addresses matches the From header, which callers can forge"
            yield Finding("mask_host_name", WARNING, where, cause, "give networks, and restrict access with a firewall")
        odd = [number for number in numbers if not _E164.fullmatch(normalized_number(number))]
        if odd:
            cause = f"{label}: {shortened(odd)} is not a phone number in E.164 form (+ and 7 to 15 digits)"
            yield Finding("number_not_e164", NOTE, where, cause, "keep it if a PBX calls this extension")
        if not Duration().comparable(trunk.get("max_call_duration")):
            cause = f"{label} has no max_call_duration: a call that is never hung up does not end"
            yield Finding("call_without_limit", NOTE, where, cause, "set max_call_duration")

    def _of_rule(self, key: str, rule: dict) -> Iterator[Finding]:
        label, where = label_of(DISPATCH_RULE, key, rule), ((DISPATCH_RULE, key),)
        trunk_ids = rule.get("trunk_ids") or []
        if not trunk_ids:
            cause = f"{label} names no trunk: it answers any caller, even one that no trunk allows"
            yield Finding("rule_answers_anybody", WARNING, where, cause, "name the trunks")
        twice = written_twice(rule)
        if twice:
            cause = f"{label} lists {', '.join(twice)}, which livekit-server treats as duplicates: its calls get 503"
            yield Finding("rule_is_own_rival", ERROR, where, cause, "keep the spelling that the provider sends")
        missing = [trunk for trunk in trunk_ids if trunk not in self.trunks]
        if missing:
            cause = f"{label} names {shortened(missing)}, but there is no such inbound trunk"
            severity = ERROR if len(missing) == len(trunk_ids) else WARNING
            yield Finding("trunk_missing", severity, where, cause, "name the trunk by name, which survives a new id")
        if rule.get("room_preset"):
            cause = (
                f"{label} uses the room preset {rule['room_preset']!r}: rooms fail if livekit-server's config has none"
            )
            yield Finding("room_preset", NOTE, where, cause, "add it to room.room_configurations in its config")
        if rule.get("hide_phone_number"):
            cause = f"{label} hides numbers: a call without a calling number crashes livekit-server before 1.13.8"
            yield Finding("number_hidden", NOTE, where, cause, "use livekit-server 1.13.8 or newer")
        trunks = {trunk: self.trunks[trunk] for trunk in trunk_ids if trunk in self.trunks}
        yield from self._of_numbers(label, key, rule, trunks)

    def _of_numbers(self, label: str, key: str, rule: dict, trunks: dict[str, dict]) -> Iterator[Finding]:
        callers = rule.get("inbound_numbers") or []
        mixed_up = [number for number in callers if normalized_number(number) in self.own_numbers]
        if mixed_up:
            cause = f"{label} has {shortened(mixed_up)}in inbound_numbers, the filter for callers, but a trunk has it"
            where = ((DISPATCH_RULE, key),)
            yield Finding("caller_is_own_number", WARNING, where, cause, "put called numbers into numbers")
        numbers = rule.get("numbers") or []
        where = ((DISPATCH_RULE, key), *((INBOUND_TRUNK, trunk) for trunk in trunks))
        if numbers and trunks and all(trunk.get("numbers") for trunk in trunks.values()):
            written, forms = self._numbers_of(tuple(trunks))
            unknown = [number for number in numbers if normalized_number(number) not in forms]
            names = ", ".join(map(self._name, trunks))
            if unknown:
                cause = f"{label} is for {shortened(unknown)}, which none of its trunks has ({names})"
                yield Finding("rule_number_unknown", WARNING, where, cause, "add it to the trunk, or correct it")
            if len(unknown) == len(numbers):
                yield _unreachable(label, where, "its trunks have none of its numbers")
            for number in numbers:
                form = forms.get(normalized_number(number))
                if form and number not in written:
                    why = "rules compare character by character"
                    cause = f"{label} is for {number}, but trunk {names} has {form}: {why}"
                    yield Finding("rule_number_form", WARNING, where, cause, "write it as the provider sends it")
        allowed = [trunk.get("allowed_numbers") or [] for trunk in trunks.values()]
        if callers and allowed and all(allowed):
            there = {normalized_number(number) for numbers in allowed for number in numbers}
            if not there.intersection(map(normalized_number, callers)):
                yield _unreachable(label, where, "its trunks allow none of its inbound_numbers as callers")

    def _numbers_of(self, trunks: tuple[str, ...]) -> tuple[set[str], dict[str, str]]:
        """The numbers of these trunks, and the spelling of each."""
        if trunks not in self.numbers_of_trunks:
            written = {number for trunk in trunks for number in self.trunks[trunk]["numbers"]}
            forms = {normalized_number(number): number for number in sorted(written)}
            self.numbers_of_trunks[trunks] = written, forms
        return self.numbers_of_trunks[trunks]

    @cached_property
    def own_numbers(self) -> set[str]:
        return {normalized_number(number) for trunk in self.trunks.values() for number in trunk.get("numbers") or ()}

    def _unused_trunks(self) -> Iterator[Finding]:
        named = {trunk for rule in self.rules.values() for trunk in rule.get("trunk_ids") or [""]}
        for key in self.trunks if "" not in named else ():
            if key not in named:
                cause = f"{label_of(INBOUND_TRUNK, key, self.trunks[key])} has no rule: its calls are rejected"
                where = ((INBOUND_TRUNK, key),)
                yield Finding("trunk_unused", WARNING, where, cause, "name it in a rule, or delete it")

    def _pin_before_open(self) -> Iterator[Finding]:
        """Pairs of rules that match the same calls, where only the first rule has a PIN."""
        by_calls: dict[tuple, dict[bool, list[str]]] = {}
        for key, rule in self.rules.items():
            for claim in claims(DISPATCH_RULE, rule):
                keys = by_calls.setdefault(claim[1:], {}).setdefault(bool(pin_of(rule)), [])
                if key not in keys:
                    keys.append(key)
        told = set()
        for groups in by_calls.values():
            for first in groups.get(True, ())[:1]:
                for key in groups.get(False, ()):
                    if (first, key) in told:
                        continue
                    told.add((first, key))
                    labels = [label_of(DISPATCH_RULE, rule, self.rules[rule]) for rule in (first, key)]
                    cause = f"{labels[0]} asks for a PIN before {labels[1]}: only callers without PIN reach that"
                    where = ((DISPATCH_RULE, first), (DISPATCH_RULE, key))
                    yield Finding("pin_before_open", WARNING, where, cause, "give them different trunks or numbers")

    def _name(self, trunk: str) -> str:
        return repr(self.trunks.get(trunk, {}).get("name") or trunk)


def concerning(found: Iterable[Finding], touched: set[tuple[str, str]]) -> list[Finding]:
    """The findings that a run warns about if it lists or changes these objects (kind name, id)."""
    return [
        finding
        for finding in found
        if finding.code in STANDING
        or finding.code in RELATIONS
        and touched.intersection((kind.name, key) for kind, key in finding.objects)
    ]


def told(finding: Finding) -> str:
    """A finding as one sentence, for a warning."""
    return as_sentence(finding.code, finding.cause, finding.fix)


def as_sentence(code: str, cause: str, fix: str) -> str:
    return f"{cause}. {fix[:1].upper()}{fix[1:]}. [{code}]"


def shown(finding: Finding, objects: dict[str, dict[str, dict]]) -> dict:
    named = [
        {"object": kind.name, "id": key, "name": objects.get(kind.name, {}).get(key, {}).get("name") or ""}
        for kind, key in finding.objects
    ]
    return {**finding._asdict(), "objects": named}


def by_id(table: dict[str, list[dict]]) -> dict[str, dict[str, dict]]:
    return {name: {stored[KINDS[name].id_field]: stored for stored in objects} for name, objects in table.items()}


def _unreachable(label: str, where: tuple, why: str) -> Finding:
    cause = f"no call can reach {label}: {why}"
    return Finding("rule_unreachable", WARNING, where, cause, "correct it, or delete it")


def _readable(mask: str) -> bool:
    return (network(mask) if "/" in mask else address(mask)) is not None
