# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Explains an outbound call: what the provider receives from a CreateSIPParticipant request and its trunk.

Pure: no I/O, no Ansible.
"""

from __future__ import annotations

from dataclasses import dataclass

from ._calls import shortened
from ._codecs import codecs_offered
from ._explained import Objects, findings_about, findings_in_text, label, named
from ._findings import as_sentence
from ._kinds import OUTBOUND_TRUNK
from ._outbound_problems import SERVER, SIP, Problem, problems_of_request, problems_on_trunk
from ._outbound_request import (
    OVERRIDES_SINCE,
    RINGS,
    WAITS,
    Request,
    called_uri,
    callers,
    carrier,
    encryption_of,
    higher,
    host_port,
    include_headers_of,
    lasts,
    media_of,
    target,
    transport_of,
)
from ._sip_uri import Uri, uri_of
from ._written import milliseconds, seconds

SEND, REFUSE = "send", "refuse"


@dataclass
class Outbound:
    request: Request
    trunk: dict | None
    sent: dict | None  # None without a trunk
    problems: list[Problem]  # problems that prevent the call come first
    findings: list[dict]  # findings about the trunk

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
            f"Trunk: {'inline_trunk' if self.trunk is None and self.sent else label(OUTBOUND_TRUNK, self.trunk)}",
            f"Result: {f'{refused_by} refuses it' if refused_by else 'livekit-sip sends an INVITE'}",
        ]
        lines += _text_of(self.sent) if self.sent else []
        if self.problems:
            lines.append("Problems:")
            lines += [f"  {one.severity}: {as_sentence(one.code, one.cause, one.fix)}" for one in self.problems]
        if self.findings:
            lines.append("Findings:")
            lines += findings_in_text(self.findings)
        return "\n".join(lines)


def explain_outbound(objects: Objects, request: Request, since: tuple[int, ...] | None = None) -> Outbound:
    """Explain a request. `since` is livekit-server's version."""
    table = objects.get(OUTBOUND_TRUNK.name, {})
    wanted = [request.trunk] if request.trunk in table else []
    keys = wanted or [key for key, stored in table.items() if request.trunk and stored.get("name") == request.trunk]
    trunk = table[keys[0]] | {OUTBOUND_TRUNK.id_field: keys[0]} if len(keys) == 1 else None
    problems = list(problems_of_request(request, since))
    sent = None
    if request.trunk and trunk is None:
        problems.append(_trunk_problem(request.trunk, table, keys))
    else:
        carrying = carrier(request, trunk)
        problems += problems_on_trunk(request, carrying)
        sent = _sent(request, carrying, since) if carrying else None
    order = [SERVER, SIP, ""]
    return Outbound(
        request,
        trunk,
        sent,
        sorted(problems, key=lambda problem: order.index(problem.refused_by)),
        findings_about(objects, {(OUTBOUND_TRUNK.name, key) for key in keys[:1]}) if trunk else [],
    )


def _trunk_problem(name: str, table: dict[str, dict], keys: list[str]) -> Problem:
    if keys:
        cause = f"{len(keys)} outbound trunks have the name {name!r}, and a request has an id"
        return Problem("trunk_ambiguous", SERVER, cause, f"give one of the ids {shortened(keys)}")
    there = shortened([repr(stored.get("name") or key) for key, stored in table.items()])
    cause = f"outbound trunk {name!r} does not exist"
    return Problem("trunk_unknown", SERVER, cause, f"name one of {there}" if there else "create one; there are none")


def _sent(request: Request, trunk: dict, since: tuple[int, ...] | None) -> dict:
    uri, to = target(request, trunk), called_uri(request, trunk)
    if request.to_user_override and (since is None or since >= OVERRIDES_SINCE):
        to = to._replace(user=request.to_user_override)
    known = isinstance(uri, Uri)
    limits = [request.ringing_timeout or RINGS, lasts(request), *([WAITS] if request.wait_until_answered else [])]
    own, given = trunk.get("headers") or {}, request.headers
    encryption = higher("disable", encryption_of(trunk), request.encryption)
    asked = bool(trunk.get("auth_username") and trunk.get("auth_password"))
    media = media_of(request, trunk)
    return {
        "request_uri": str(uri) if known else "",
        "to_uri": str(to),
        "host": uri.host.strip("[]") if known else "",
        "port": (uri.port or (5061 if uri.transport == "tls" else 5060)) if known else 0,
        "transport": uri.transport if known else "",
        **_caller(request, trunk),
        "headers": [
            {
                "name": name,
                "given_by": "request" if name in given else "trunk",
                "replaces": name in given and name in own,
            }
            for name in sorted({**own, **given})
        ],
        "include_headers": higher("no_headers", include_headers_of(trunk), request.include_headers),
        "headers_to_attributes": trunk.get("headers_to_attributes") or {},
        "attributes_to_headers": trunk.get("attributes_to_headers") or {},
        "auth_username": trunk["auth_username"] if asked else "",
        "encryption": encryption,
        "media": "RTP/AVP" if encryption == "disable" else "RTP/SAVP",
        "codecs": codecs_offered(media),
        "media_timeout": media["media_timeout"] or "",
        "destination_country": trunk.get("destination_country") or "",
        "destination": {name: request.destination.get(name) or "" for name in ("city", "country", "region")},
        "ringing_timeout": seconds(min(limits)),
        "max_call_duration": seconds(lasts(request)),
        "dtmf": request.dtmf,
        "waits_until_answered": request.wait_until_answered,
        "participant_identity": request.participant_identity or f"sip_{request.to}",
        "hides_numbers_in_room": request.hide_phone_number,
    }


def _caller(request: Request, trunk: dict) -> dict:
    """The caller as the callee sees it."""
    if request.from_header is not None:
        uri = uri_of(request.from_header, transport_of(trunk))
        known = isinstance(uri, Uri)
        return {
            "numbers": [uri.user] if known and uri.user else [],
            "number_given_by": "request",
            "display_name": request.from_header.get("display_name") or "",
            "from_host": (f"{uri.host}:{uri.port}" if uri.port else uri.host) if known else "",
        }
    host, port = host_port(trunk.get("from_host") or "")
    return {
        "numbers": callers(request, trunk),
        "number_given_by": "request" if request.from_number else "trunk",
        "display_name": request.display_name,
        "from_host": f"{host}:{port}" if port else host,
    }


def _text_of(sent: dict) -> list[str]:
    numbers, name, user = sent["numbers"], sent["display_name"], sent["auth_username"]
    caller = numbers[0] if len(numbers) == 1 else f"one of {shortened(numbers)} at random" if numbers else "nobody"
    shown_name = (
        "the number as display name" if name is None else f"display name {name!r}" if name else "no display name"
    )
    headers = [
        f"{one['name']} ({one['given_by']}{', replaces the one of the trunk' if one['replaces'] else ''})"
        for one in sent["headers"]
    ]
    goes = f"{sent['host']} port {sent['port']} over {sent['transport']}" if sent["host"] else "nobody"
    return [
        f"Request-URI: {sent['request_uri'] or 'none'}",
        *([f"To: {sent['to_uri']}"] if sent["to_uri"] != sent["request_uri"] else []),
        f"Goes to: {goes}",
        f"From: {caller} (the {sent['number_given_by']}'s), {shown_name}",
        f"From host: {sent['from_host'] or 'the address of livekit-sip'}",
        f"Headers: {', '.join(headers) or 'none'}",
        f"Asked for a password: {f'answers as {user}' if user else 'the call fails'}",
        f"Media: {sent['media']}, encryption {sent['encryption']}, codecs {', '.join(sent['codecs']) or 'none'}",
        f"Rings for {_span(sent['ringing_timeout'])}, ends {_span(sent['max_call_duration'])} after the INVITE",
        f"The request returns {'when the callee answers' if sent['waits_until_answered'] else 'before it rings'}",
        f"Participant: {sent['participant_identity']}",
    ]


def _span(duration: str) -> str:
    """A duration as text: 60s as 1m, 5400s as 1h30m."""
    whole, rest = divmod(milliseconds(duration), 1000)
    parts = [(whole // 3600, "h"), (whole // 60 % 60, "m")]
    text = "".join(f"{number}{unit}" for number, unit in parts if number)
    return text + seconds(whole % 60 * 1000 + rest) if whole % 60 or rest or not text else text
