# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Determines the trunk, rule and room of a call, and why other trunks and rules do not match.

Pure: no I/O, no Ansible. Calls match as in livekit-server: MatchTrunkDetailed, MatchDispatchRuleIter and
EvaluateDispatchRule in https://github.com/livekit/protocol/blob/main/sip/sip.go
"""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from ._addresses import address, source_allowed
from ._claims import claims, pin_of, written_twice
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, Kind, rule_of
from ._numbers import normalized_number

ACCEPT, REQUEST_PIN, REFUSE, ERROR = "accept", "request_pin", "refuse", "error"

# Placeholder for the part of a room name that the server generates.
RANDOM = "<random>"


@dataclass(frozen=True)
class Call:
    called: str  # user part of the To header
    caller: str = ""  # user part of the From header
    source: str = ""  # source address; empty means an address that every trunk allows
    from_host: str = ""  # host part of the From header
    pin: str = ""  # digits that the caller has entered
    no_pin: bool = False  # the caller was asked for a PIN and entered none


@dataclass(frozen=True)
class Reason:
    """Reason why an object does not match a call."""

    code: str  # number, caller, source, trunk, pin or priority
    text: str


@dataclass
class Verdict:
    """Result of matching one object with one call."""

    stored: dict
    reason: Reason | None  # None if the object matches the call


@dataclass
class Decision:
    result: str  # ACCEPT, REQUEST_PIN, REFUSE (no rule matches the call) or ERROR
    trunk: dict | None = None
    rule: dict | None = None
    room: str = ""  # RANDOM stands for the part that the server generates
    identity: str = ""
    agents: list[str] = field(default_factory=list)
    asks_password: bool = False
    error: str = ""  # reason why the server cannot decide
    rivals: list[dict] = field(default_factory=list)  # the objects in conflict


class Table:
    """Trunks and rules, indexed to evaluate many calls."""

    def __init__(self, trunks: t.Iterable[dict], rules: t.Iterable[dict]) -> None:
        self.trunks = sorted(trunks, key=_trunk_id)
        self.rules = sorted(rules, key=_rule_id)  # the server's order: among equal rules, the first one wins
        self._numbers = {_trunk_id(trunk): _normalized(trunk, "numbers") for trunk in self.trunks}
        self._callers = {_trunk_id(trunk): _normalized(trunk, "allowed_numbers") for trunk in self.trunks}
        # By number, then by caller. None means any, because a list may contain an empty string. The index lets a
        # lookup skip objects that cannot match the call.
        self._trunks_of: dict[str | None, dict[str | None, list[dict]]] = {}
        for trunk in self.trunks:
            for number in self._numbers[_trunk_id(trunk)] or [None]:
                by_caller = self._trunks_of.setdefault(number, {})
                for caller in self._callers[_trunk_id(trunk)] or [None]:
                    by_caller.setdefault(caller, []).append(trunk)
        # By trunk and number, then by caller, then by PIN.
        self._rules_of: dict[tuple[str, str], dict[str, dict[str, list[dict]]]] = {}
        for rule in self.rules:
            trunk_ids, numbers = (dict.fromkeys(rule.get(name) or [""]) for name in ("trunk_ids", "numbers"))
            for key in product(trunk_ids, numbers):
                by_caller = self._rules_of.setdefault(key, {})
                for caller in dict.fromkeys(rule.get("inbound_numbers") or [""]):
                    by_caller.setdefault(caller, {}).setdefault(pin_of(rule), []).append(rule)
        self._faults = _faults(self.rules)

    @classmethod
    def of(cls, objects: dict[str, dict[str, dict]]) -> Table:
        """The table for kind name -> id -> object. An object that the server does not store yet has a temporary key."""
        return cls(*(_with_ids(kind, objects.get(kind.name, {})) for kind in (INBOUND_TRUNK, DISPATCH_RULE)))

    @property
    def faulty(self) -> bool:
        """Whether the server cannot decide calls that match no trunk."""
        return bool(self._faults)

    def trunks_for(self, called: str) -> list[dict]:
        """The trunks that could match a call to this number, whoever the caller is."""
        found = (
            trunk
            for number in (normalized_number(called), None)
            for trunks in self._trunks_of.get(number, {}).values()
            for trunk in trunks
        )
        return list({_trunk_id(trunk): trunk for trunk in found}.values())

    def rules_for(self, trunk_id: str, called: str) -> list[dict]:
        """The rules that name this trunk (empty: rules without trunks) and could match a call to this number."""
        found = (
            rule
            for number in dict.fromkeys((called, ""))
            for by_pin in self._rules_of.get((trunk_id, number), {}).values()
            for rules in by_pin.values()
            for rule in rules
        )
        return list({_rule_id(rule): rule for rule in found}.values())

    def decide(self, call: Call) -> Decision:
        if call.source and address(call.source) is None:
            return Decision(ERROR, error=f"{call.source!r} is not an IP address")
        called = normalized_number(call.called)
        for number in (called, None):
            taking = self._taking(number, call)
            if len(taking) > 1:
                what = f"have the number {number}" if number else "have no numbers, so each matches every number"
                return Decision(ERROR, error=f"{len(taking)} trunks match the call: they {what}", rivals=taking)
            if taking:
                return self._decide_rule(call, taking[0])
        return self._decide_rule(call, None)

    def explain(self, call: Call) -> tuple[Decision, list[Verdict], list[Verdict]]:
        """The decision, and the verdict on each trunk and each rule."""
        decision = self.decide(call)
        trunks = [Verdict(trunk, self._trunk_reason(trunk, call)) for trunk in self.trunks]
        specific = any(verdict.reason is None and verdict.stored.get("numbers") for verdict in trunks)
        for verdict in trunks:
            if specific and verdict.reason is None and not verdict.stored.get("numbers"):
                verdict.reason = Reason("priority", "a trunk with the number comes before one without numbers")
        rules = []
        for rule in self.rules:
            reason = _rule_reason(rule, call, decision.trunk)
            if reason is None and decision.rule is not None and rule is not decision.rule:
                reason = _outranked(rule, decision.rule)
            rules.append(Verdict(rule, reason))
        return decision, trunks, rules

    def _taking(self, number: str | None, call: Call) -> list[dict]:
        """The trunks with this number (None: trunks without numbers) that match the call."""
        by_caller = self._trunks_of.get(number, {})
        found = [trunk for caller in (normalized_number(call.caller), None) for trunk in by_caller.get(caller, ())]
        return sorted((trunk for trunk in found if self._trunk_reason(trunk, call) is None), key=_trunk_id)

    def _trunk_reason(self, trunk: dict, call: Call) -> Reason | None:
        numbers = self._numbers[_trunk_id(trunk)]
        if numbers and normalized_number(call.called) not in numbers:
            return Reason("number", f"{call.called} is not in its numbers ({shortened(trunk['numbers'])})")
        callers = self._callers[_trunk_id(trunk)]
        if callers and normalized_number(call.caller) not in callers:
            allowed = shortened(trunk["allowed_numbers"])
            return Reason("caller", f"{call.caller or 'no caller'} is not in its allowed_numbers ({allowed})")
        masks = trunk.get("allowed_addresses")
        if not source_allowed(call.source, call.from_host, masks):
            return Reason("source", f"{call.source} is in none of its allowed_addresses ({shortened(masks)})")
        return None

    def _decide_rule(self, call: Call, trunk: dict | None) -> Decision:
        key = _trunk_id(trunk) if trunk else ""
        faults = (self._faults.get(key) or self._faults.get("")) if trunk else next(iter(self._faults.values()), None)
        asks = bool(trunk and trunk.get("auth_username") and trunk.get("auth_password"))
        if faults:
            error, rivals = faults
            return Decision(ERROR, trunk, asks_password=asks, error=error, rivals=rivals)
        for trunk_id in dict.fromkeys((key, "")):
            listed = self._listed(trunk_id, call)
            taking = sorted((rule for rule in listed if _rule_reason(rule, call, trunk) is None), key=_rule_id)
            if taking:
                return _outcome(call, trunk, min(taking, key=priority), asks)
        return Decision(REFUSE, trunk, asks_password=asks)

    def _listed(self, trunk_id: str, call: Call) -> Iterator[dict]:
        """The rules that name this trunk (empty: rules without trunks) and allow the call's number, caller and PIN."""
        for number, caller in product(dict.fromkeys((call.called, "")), dict.fromkeys((call.caller, ""))):
            by_pin = self._rules_of.get((trunk_id, number), {}).get(caller, {})
            for pin in [""] if call.no_pin else [call.pin] if call.pin else by_pin:
                yield from by_pin.get(pin, ())


def priority(rule: dict) -> tuple[int, str]:
    """The sort key of a matching rule; the smallest key wins. The server breaks ties by the room's name."""
    kind, options = rule_of(rule.get("rule"))
    rank = ["direct", "individual", "callee"].index(kind) + (0 if options.get("pin") else 100)
    rank += 1000 * (not rule.get("inbound_numbers")) + 1000 * (not rule.get("numbers"))
    return rank, options.get("room_name" if kind == "direct" else "room_prefix") or ""


def shortened(values: t.Sequence[str], most: int = 3) -> str:
    rest = len(values) - most
    return ", ".join(map(str, values[:most])) + (f" and {rest} more" if rest > 0 else "")


def _rule_reason(rule: dict, call: Call, trunk: dict | None) -> Reason | None:
    trunks = rule.get("trunk_ids") or []
    if trunks and trunk is None:
        return Reason("trunk", "it names trunks, and no trunk matches the call")
    if trunks and _trunk_id(trunk) not in trunks:
        return Reason("trunk", "it does not name the trunk that matches the call")
    for name, number, code in (("inbound_numbers", call.caller, "caller"), ("numbers", call.called, "number")):
        listed = rule.get(name) or []
        if listed and number not in listed:
            return Reason(code, _not_listed(name, number, listed))
    pin = pin_of(rule)
    if call.no_pin and pin:
        return Reason("pin", "it asks for a PIN, and the caller entered none")
    if not call.no_pin and call.pin and call.pin != pin:
        return Reason("pin", "it has another PIN" if pin else "it has no PIN, and the caller entered one")
    return None


def _not_listed(name: str, number: str, listed: list[str]) -> str:
    alike = [other for other in listed if normalized_number(other) == normalized_number(number)]
    if alike:
        return f"{number} is written {alike[0]} in its {name}, and rules compare character by character"
    return f"{number or 'no caller'} is not in its {name} ({shortened(listed)})"


def _outranked(rule: dict, winner: dict) -> Reason:
    if winner.get("trunk_ids") and not rule.get("trunk_ids"):
        why = "which names the trunk"
    elif bool(winner.get("inbound_numbers")) + bool(winner.get("numbers")) > bool(rule.get("inbound_numbers")) + bool(
        rule.get("numbers")
    ):
        why = "which is for these numbers"
    elif pin_of(winner) and not pin_of(rule):
        why = "which asks for a PIN"
    else:
        why = "by kind of rule (direct, individual, callee), then by the room's name"
    return Reason("priority", f"it comes after {winner.get('name') or _rule_id(winner)!r}, {why}")


def _outcome(call: Call, trunk: dict | None, rule: dict, asks_password: bool) -> Decision:
    kind, options = rule_of(rule.get("rule"))
    if options.get("pin") and not call.pin:
        return Decision(REQUEST_PIN, trunk, rule, asks_password=asks_password)
    caller, identity = call.caller, f"sip_{call.caller}"
    if rule.get("hide_phone_number"):
        identity = "sip_" + hashlib.sha256(caller.encode()).hexdigest()[:16]
        caller = caller[-4:] if len(caller) > 4 else caller[-1:]
    if kind == "direct":
        room = options.get("room_name") or ""
    else:
        prefix = options.get("room_prefix")
        room = (f"{prefix}_" if prefix else "") + (caller if kind == "individual" else call.called)
        if options.get("randomize") if kind == "callee" else not options.get("no_randomness"):
            room += f"_{RANDOM}"
    agents = [agent.get("agent_name") or "" for agent in (rule.get("room_config") or {}).get("agents") or []]
    return Decision(ACCEPT, trunk, rule, room, identity, agents, asks_password)


def _faults(rules: list[dict]) -> dict[str, tuple[str, list[dict]]]:
    """Trunk id (empty: no trunk) -> reason why the server cannot decide any call on that trunk, and the faulty rules.

    Before choosing a rule, the server checks all rules that name the call's trunk and all rules without trunks, or
    every rule if the call has no trunk.
    """
    faults: dict[str, tuple[str, list[dict]]] = {}
    holders: dict[tuple, dict] = {}
    for rule in rules:
        problem = ""
        if rule_of(rule.get("rule"))[0] not in ("direct", "individual", "callee"):
            problem = "a rule is neither direct nor individual nor callee"
        elif written_twice(rule):
            problem = f"a rule lists the same twice: {shortened(written_twice(rule))}"
        if problem:
            for trunk in rule.get("trunk_ids") or [""]:
                faults.setdefault(trunk, (problem, [rule]))
            continue
        for claim in claims(DISPATCH_RULE, rule):
            holder = holders.setdefault(claim, rule)
            if holder is not rule:
                what = "two rules match the same calls: same trunk, PIN or none, caller and number"
                faults.setdefault(claim.trunk, (what, [holder, rule]))
    return faults


def _with_ids(kind: Kind, table: dict[str, dict]) -> list[dict]:
    return [
        stored if stored.get(kind.id_field) == key else {**stored, kind.id_field: key} for key, stored in table.items()
    ]


def _normalized(stored: dict, name: str) -> frozenset[str]:
    return frozenset(map(normalized_number, stored.get(name) or ()))


def _trunk_id(trunk: dict) -> str:
    return trunk.get(INBOUND_TRUNK.id_field) or ""


def _rule_id(rule: dict) -> str:
    return rule.get(DISPATCH_RULE.id_field) or ""
