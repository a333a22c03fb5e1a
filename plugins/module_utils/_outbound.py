# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""An outbound call explained: what of a CreateSIPParticipant request and its trunk reaches the provider.

Pure: no I/O, nothing of Ansible.
"""

from __future__ import annotations

from dataclasses import dataclass

from ._calls import shortened
from ._explained import Objects, findings_about, label, named
from ._findings import as_sentence
from ._kinds import OUTBOUND_TRUNK
from ._outbound_problems import (
    RINGS,
    SERVER,
    SIP,
    WAITS,
    Problem,
    Request,
    callers,
    encryption_of,
    higher,
    host_port,
    include_headers_of,
    lasts,
    problems_of_request,
    problems_on_trunk,
    transport_of,
)
from ._values import port
from ._written import milliseconds, seconds

SEND, REFUSE = "send", "refuse"


@dataclass
class Outbound:
    request: Request
    trunk: dict | None
    sent: dict | None  # None without a trunk
    problems: list[Problem]  # those that keep the call from being sent come first
    findings: list[dict]  # those about the trunk

    def as_dict(self) -> dict:
        refused_by = self.problems[0].refused_by if self.problems else ""
        return {
            "result": REFUSE if refused_by else SEND,
            "refused_by": refused_by,
            "trunk": named(OUTBOUND_TRUNK, self.trunk),
            "sent": self.sent,
            "problems": [problem.as_dict() for problem in self.problems],
            "findings": self.findings,
            "text": self.text(refused_by),
        }

    def text(self, refused_by: str) -> str:
        lines = [
            f"Outbound call: to {self.request.to or 'nobody'}",
            f"Trunk: {label(OUTBOUND_TRUNK, self.trunk)}",
            f"Result: {f'{refused_by} refuses it' if refused_by else 'livekit-sip sends an INVITE'}",
        ]
        lines += _text_of(self.sent) if self.sent else []
        if self.problems:
            lines.append("Problems:")
            lines += [f"  {one.severity}: {as_sentence(one.code, one.cause, one.fix)}" for one in self.problems]
        if self.findings:
            lines.append("Findings:")
            lines += [f"  {finding['severity']}: {finding['cause']} [{finding['code']}]" for finding in self.findings]
        return "\n".join(lines)


def explain_outbound(objects: Objects, request: Request) -> Outbound:
    table = objects.get(OUTBOUND_TRUNK.name, {})
    wanted = [request.trunk] if request.trunk in table else []
    keys = wanted or [key for key, stored in table.items() if stored.get("name") == request.trunk]
    trunk = table[keys[0]] | {OUTBOUND_TRUNK.id_field: keys[0]} if len(keys) == 1 else None
    problems = list(problems_of_request(request))
    if trunk is None:
        problems.append(_trunk_problem(request.trunk, table, keys))
    else:
        problems += problems_on_trunk(request, trunk)
    order = [SERVER, SIP, ""]
    return Outbound(
        request,
        trunk,
        None if trunk is None else _sent(request, trunk),
        sorted(problems, key=lambda problem: order.index(problem.refused_by)),
        findings_about(objects, {(OUTBOUND_TRUNK.name, key) for key in keys[:1]}) if trunk else [],
    )


def _trunk_problem(name: str, table: dict[str, dict], keys: list[str]) -> Problem:
    if keys:
        cause = f"{len(keys)} outbound trunks have the name {name!r}, and a request has an id"
        return Problem("trunk_ambiguous", SERVER, cause, f"give one of the ids {shortened(keys)}")
    there = shortened([repr(stored.get("name") or key) for key, stored in table.items()])
    cause = f"there is not an outbound trunk {name!r}"
    return Problem("trunk_unknown", SERVER, cause, f"name one of {there}" if there else "make one, there are none")


def _sent(request: Request, trunk: dict) -> dict:
    host, given_port = host_port(trunk.get("address") or "")
    from_host, from_port = host_port(trunk.get("from_host") or "")
    transport = transport_of(trunk)
    parameter = "" if transport == "auto" else f";transport={transport}"
    numbers = callers(request, trunk)
    limits = [request.ringing_timeout or RINGS, lasts(request), *([WAITS] if request.wait_until_answered else [])]
    own, given = trunk.get("headers") or {}, request.headers
    encryption = higher("disable", encryption_of(trunk), request.media_encryption)
    asked = bool(trunk.get("auth_username") and trunk.get("auth_password"))
    return {
        "request_uri": f"sip:{request.to}@{trunk.get('address') or ''}{parameter}",
        "host": host,
        "port": port(given_port) or (5061 if transport == "tls" else 5060),
        "transport": "udp" if transport == "auto" else transport,
        "numbers": numbers,
        "number_given_by": "request" if request.from_number else "trunk",
        "display_name": request.display_name,
        "from_host": f"{from_host}:{from_port}" if from_port else from_host,
        "headers": [
            {
                "name": name,
                "given_by": "request" if name in given else "trunk",
                "replaces": name in given and name in own,
            }
            for name in sorted({**own, **given})
        ],
        "include_headers": higher("no_headers", include_headers_of(trunk), request.include_headers),
        "auth_username": trunk["auth_username"] if asked else "",
        "encryption": encryption,
        "media": "RTP/AVP" if encryption == "disable" else "RTP/SAVP",
        "destination_country": trunk.get("destination_country") or "",
        "ringing_timeout": seconds(min(limits)),
        "max_call_duration": seconds(lasts(request)),
        "dtmf": request.dtmf,
        "waits_until_answered": request.wait_until_answered,
        "participant_identity": request.participant_identity or f"sip_{request.to}",
        "hides_numbers_in_room": request.hide_phone_number,
    }


def _text_of(sent: dict) -> list[str]:
    numbers, name, user = sent["numbers"], sent["display_name"], sent["auth_username"]
    caller = numbers[0] if len(numbers) == 1 else f"one of {shortened(numbers)} at random" if numbers else "nobody"
    shown_name = (
        "the number as display name" if name is None else f"display name {name!r}" if name else "no display name"
    )
    headers = [
        f"{one['name']} ({one['given_by']}{', in place of the one of the trunk' if one['replaces'] else ''})"
        for one in sent["headers"]
    ]
    return [
        f"Request-URI: {sent['request_uri']}",
        f"Goes to: {sent['host']} port {sent['port']} over {sent['transport']}",
        f"From: {caller} (the {sent['number_given_by']}'s), {shown_name}",
        f"From host: {sent['from_host'] or 'the address of livekit-sip'}",
        f"Headers: {', '.join(headers) or 'none'}",
        f"Asked for a password: {f'answers as {user}' if user else 'the call ends'}",
        f"Media: {sent['media']}, encryption {sent['encryption']}",
        f"Rings for {_span(sent['ringing_timeout'])}, ends {_span(sent['max_call_duration'])} after the INVITE",
        f"The request returns {'when the callee answers' if sent['waits_until_answered'] else 'before it rings'}",
        f"Participant: {sent['participant_identity']}",
    ]


def _span(duration: str) -> str:
    """60s is 1m, 5400s is 1h30m."""
    whole, rest = divmod(milliseconds(duration), 1000)
    parts = [(whole // 3600, "h"), (whole // 60 % 60, "m")]
    text = "".join(f"{number}{unit}" for number, unit in parts if number)
    return text + seconds(whole % 60 * 1000 + rest) if whole % 60 or rest or not text else text
