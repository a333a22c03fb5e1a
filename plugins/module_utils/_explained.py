# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Explains a call to the user: its result, what the caller hears, and why other trunks and rules do not match.

Pure: no I/O, no Ansible. What callers hear was measured; the source is
https://github.com/livekit/sip/blob/main/pkg/sip/inbound.go
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ._calls import ACCEPT, ERROR, REQUEST_PIN, Call, Decision, Table, Verdict
from ._findings import as_sentence, findings, shown
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, Kind
from ._order import NEW
from ._written import InputError

# Since this version, livekit-server rejects a call that no rule matches. Older versions drop it.
REJECTS_SINCE = (1, 13, 8)
# Older versions of livekit-server crash if a rule hides numbers and the caller has no number.
# Source: https://github.com/livekit/protocol/blob/main/sip/sip.go, EvaluateDispatchRule
HIDES_NOTHING_SINCE = (1, 13, 8)
_REJECTED = "404 Does not match Trunks or Dispatch Rules"
# Maximum number of unmatched trunks or rules in the text.
_MOST_SHOWN = 10
# Reasons that apply to nearly every object in a long table; other reasons come first.
_COMMON = ("number", "trunk")

Objects = dict[str, dict[str, dict]]  # kind name -> id -> object


def version(text: str | None) -> tuple[int, ...] | None:
    """Raises InputError if the text is not a version."""
    if not text:
        return None
    found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?", text)
    if not found:
        raise InputError("it is not three numbers. Write it as 1.13.8.", text).below("server_version")
    return tuple(map(int, found.groups()))


@dataclass
class Explanation:
    call: Call
    decision: Decision
    hears: str
    trunks: list[Verdict]
    rules: list[Verdict]
    findings: list[dict]  # findings about objects that match the call, or nearly do

    def as_dict(self) -> dict:
        decision = self.decision
        return {
            "result": decision.result,
            "trunk": named(INBOUND_TRUNK, decision.trunk),
            "rule": named(DISPATCH_RULE, decision.rule),
            "room": decision.room,
            "agents": decision.agents,
            "error": decision.error,
            "hears": self.hears,
            "other_trunks": [_not_taking(INBOUND_TRUNK, verdict) for verdict in self.trunks if verdict.reason],
            "other_rules": [_not_taking(DISPATCH_RULE, verdict) for verdict in self.rules if verdict.reason],
            "findings": self.findings,
            "text": self.text(),
        }

    def text(self) -> str:
        decision = self.decision
        lines = [
            f"Call: {said(self.call)}",
            f"Trunk: {label(INBOUND_TRUNK, decision.trunk)}",
            f"Rule: {label(DISPATCH_RULE, decision.rule)}",
        ]
        if decision.result == ACCEPT:
            lines += [f"Room: {decision.room}", f"Agents: {', '.join(decision.agents) or 'none'}"]
        if decision.error:
            lines.append(f"Error: {decision.error}")
            lines += [f"  {label(_kind(rival), rival)}" for rival in decision.rivals]
        lines.append(f"The caller hears: {self.hears}")
        for kind, verdicts in ((INBOUND_TRUNK, self.trunks), (DISPATCH_RULE, self.rules)):
            others = sorted((one for one in verdicts if one.reason), key=_place_in_text)
            if others:
                lines.append(f"Other {kind.title}s:")
                lines += [f"  {label(kind, other.stored)}: {other.reason.text}" for other in others[:_MOST_SHOWN]]
                if len(others) > _MOST_SHOWN:
                    lines.append(f"  and {len(others) - _MOST_SHOWN} more")
        if self.findings:
            lines.append("Findings:")
            lines += findings_in_text(self.findings)
        return "\n".join(lines)


def _place_in_text(verdict: Verdict) -> tuple[bool, str]:
    """Sort by name, not by the random id, so that the same objects always produce the same text."""
    return verdict.reason.code in _COMMON, verdict.stored.get("name") or ""


def as_heard(table: Table, call: Call) -> tuple[Call, bool]:
    """The call as the server receives it, and whether the caller is asked for a PIN; if not, the PIN is dropped."""
    first = replace(call, pin="", no_pin=False)
    asked = table.decide(first).result == REQUEST_PIN
    return (call if asked else first), asked


def explain(table: Table, objects: Objects, call: Call, since: tuple[int, ...] | None = None) -> Explanation:
    """objects: the objects in the table, and the outbound trunks if they are known. since: livekit-server's version."""
    call, asked = as_heard(table, call)
    decision, trunks, rules = table.explain(call)
    concerned = {(INBOUND_TRUNK.name, one.stored[INBOUND_TRUNK.id_field]) for one in trunks if _near(one)}
    concerned |= {(DISPATCH_RULE.name, one.stored[DISPATCH_RULE.id_field]) for one in rules if _near(one)}
    found = findings_about(objects, concerned)
    return Explanation(call, decision, _heard(decision, call, asked, since), trunks, rules, found)


def findings_about(objects: Objects, concerned: set[tuple[str, str]]) -> list[dict]:
    """The findings about the whole table that concern these objects (kind name, id)."""
    return [
        _without_keys(shown(finding, objects))
        for finding in findings(objects)
        if concerned.intersection((kind.name, key) for kind, key in finding.objects)
    ]


def findings_in_text(found: list[dict]) -> list[str]:
    return [f"  {one['severity']}: {as_sentence(one['code'], one['cause'], one['fix'])}" for one in found]


def said(call: Call) -> str:
    """A call in words, without its PIN."""
    words = f"to {call.called} from {call.caller or 'a hidden number'}"
    if call.source:
        words += f", source {call.source}"
    if call.from_host:
        words += f", From host {call.from_host}"
    if call.pin or call.no_pin:
        words += ", with a PIN" if call.pin else ", without a PIN"
    return words


def _heard(decision: Decision, call: Call, asked: bool, since: tuple[int, ...] | None) -> str:
    heard = _heard_while_it_runs(decision, call, asked, since)
    ends = asked or decision.result == ACCEPT
    if not (ends and decision.rule and decision.rule.get("hide_phone_number") and not call.caller):
        return heard
    if since is not None and since >= HIDES_NOTHING_SINCE:
        return heard
    ended = "100, 180, then silence, because livekit-server crashes: the rule hides a number that is missing"
    if since is not None:
        return ended
    first = ".".join(map(str, HIDES_NOTHING_SINCE))
    return f"{heard} (livekit-server {first} or newer), or {ended} (older)"


def _heard_while_it_runs(decision: Decision, call: Call, asked: bool, since: tuple[int, ...] | None) -> str:
    if decision.result == ERROR and not any(DISPATCH_RULE.id_field in rival for rival in decision.rivals):
        return "100, then 503 Try again later, without a 180"
    heard = ["100"]
    if decision.asks_password:
        heard.append("407 until the password is right")
    heard.append("180")
    if asked:
        heard.append("200 immediately, and a voice asks for the PIN")
        if decision.result == ACCEPT:
            heard.append("after the digits the caller joins the room")
        elif decision.result != REQUEST_PIN:
            heard.append("after the digits a voice says that the PIN is wrong, and the call ends")
    elif decision.result == ERROR:
        heard.append("503 Try again later")
    elif decision.result == ACCEPT:
        heard.append("180 repeatedly until a participant in the room publishes audio, then 200")
    else:
        heard.append(_refusal(since))
    return ", ".join(heard)


def _refusal(since: tuple[int, ...] | None) -> str:
    if since is None:
        first = ".".join(map(str, REJECTS_SINCE))
        return f"then {_REJECTED} (livekit-server {first} or newer) or silence (older)"
    return f"then {_REJECTED}" if since >= REJECTS_SINCE else "then silence"


def _near(verdict: Verdict) -> bool:
    """Whether an object matches the call, or nearly does."""
    reason = verdict.reason
    return reason is None or reason.code not in _COMMON


def named(kind: Kind, stored: dict | None) -> dict | None:
    return None if stored is None else {"name": stored.get("name") or "", "id": _id(stored[kind.id_field])}


def _not_taking(kind: Kind, verdict: Verdict) -> dict:
    return {**named(kind, verdict.stored), "code": verdict.reason.code, "reason": verdict.reason.text}


def _id(key: str) -> str:
    """The id, or an empty string for an object that the server does not store yet."""
    return "" if key.startswith(NEW) else key


def _without_keys(finding: dict) -> dict:
    return {**finding, "objects": [{**named, "id": _id(named["id"])} for named in finding["objects"]]}


def label(kind: Kind, stored: dict | None) -> str:
    if stored is None:
        return "none"
    name, key = stored.get("name") or "", _id(stored[kind.id_field])
    return f"{name} ({key})" if name and key else name or key


def _kind(stored: dict) -> Kind:
    return DISPATCH_RULE if DISPATCH_RULE.id_field in stored else INBOUND_TRUNK
