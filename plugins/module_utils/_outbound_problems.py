# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What of an outbound call cannot work, or is probably not what is meant.

Pure: no I/O, nothing of Ansible. What livekit-server refuses and hands on is measured, and written in
https://github.com/livekit/protocol/blob/main/livekit/sip.go and rpc/sip.go
What livekit-sip makes of it is not measured, only read in
https://github.com/livekit/sip/blob/main/pkg/sip/client.go and outbound.go
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field

from ._addresses import address
from ._calls import shortened
from ._findings import ERROR, WARNING
from ._headers import TAKEN_AS_YET, display_name_problem, header_name_problem, header_value_problem
from ._kinds import INCLUDE_HEADERS, MEDIA, OUTBOUND_TRUNK
from ._numbers import normalized_number
from ._values import port
from ._written import seconds

SERVER, SIP = "livekit-server", "livekit-sip"

# Source: pkg/sip/participant.go of livekit-sip, pkg/service/sip.go of livekit-server
RINGS, _LASTS, WAITS = 3 * 60 * 1000, 24 * 60 * 60 * 1000, 80 * 1000
# Go's net.SplitHostPort: what is not host:port is a host.
_HOST_PORT = re.compile(r"(?:\[([^][]*)\]|([^][:]*)):([^][:]+)")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_DOMAIN = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?")
ENCRYPTION = next(part.type for part in MEDIA.fields if part.name == "encryption")
_TRANSPORT = next(part.type for part in OUTBOUND_TRUNK.fields if part.name == "transport")


@dataclass(frozen=True)
class Request:
    """What of a CreateSIPParticipant request changes the call; None stands for what is not given."""

    trunk: str  # name or id
    to: str
    from_number: str = ""
    display_name: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    include_headers: str = ""
    hide_phone_number: bool = False
    media_encryption: str = ""
    ringing_timeout: int = 0  # milliseconds
    max_call_duration: int = 0  # milliseconds
    dtmf: str = ""
    wait_until_answered: bool = False
    room_name: str | None = None
    participant_identity: str = ""


class Problem(t.NamedTuple):
    """What of an outbound call cannot work, or is probably not what is meant."""

    code: str
    refused_by: str  # SERVER or SIP; empty: the call goes out
    cause: str
    fix: str

    @property
    def severity(self) -> str:
        return ERROR if self.refused_by else WARNING

    def as_dict(self) -> dict:
        return {"severity": self.severity, **self._asdict()}


def problems_on_trunk(request: Request, trunk: dict) -> Iterator[Problem]:
    yield from _of_numbers(request, trunk)
    yield from _of_trunk(trunk)
    yield from _of_both(request, trunk)


def problems_of_request(request: Request) -> Iterator[Problem]:
    if request.room_name == "":
        yield Problem("room_missing", SERVER, "room_name is empty", "name the room that the callee joins")
    if request.display_name is not None and display_name_problem(request.display_name):
        cause = f"display_name: {display_name_problem(request.display_name)}"
        yield Problem("display_name_invalid", SERVER, cause, "write it shorter, and \\ before a quotation mark")
    for name, value in request.headers.items():
        wrong = header_name_problem(name) or header_value_problem(value)
        if wrong:
            yield Problem("header_refused", SERVER, f"headers: {name!r}: {wrong}", "leave it out, or correct it")
        elif name.lower() in TAKEN_AS_YET:
            cause = f"headers: livekit-sip writes {name} itself, and the call has it twice"
            yield Problem("header_twice", "", cause, "leave it out")
    yield from _of_callee(request.to)
    unknown = sorted(set(request.dtmf) - set("0123456789*#ABCDabcdw"))
    if unknown:
        cause = f"dtmf: {' '.join(unknown)} is not a digit, and half a second of silence is sent for it"
        yield Problem("dtmf_unknown", "", cause, "write digits, *, #, A to D, and w for half a second")
    rings = request.ringing_timeout
    if rings > WAITS and request.wait_until_answered:
        cause = f"ringing_timeout is {seconds(rings)}, and with wait_until_answered it rings {seconds(WAITS)} at most"
        yield Problem("ringing_too_long", "", cause, "shorten it, or do not wait")
    if rings > lasts(request):
        cause = f"ringing_timeout is {seconds(rings)}, and max_call_duration counts from the INVITE and is shorter"
        yield Problem("ringing_too_long", "", cause, "shorten it, or lengthen max_call_duration")
    if request.max_call_duration > _LASTS:
        cause = f"max_call_duration is more than {seconds(_LASTS)}, and livekit-sip ends calls then"
        yield Problem("call_too_long", "", cause, "shorten it")
    if request.hide_phone_number and not request.participant_identity:
        cause = (
            "hide_phone_number keeps the numbers out of the attributes, and the identity has the number all the same"
        )
        yield Problem("number_in_identity", "", cause, "give a participant_identity")


def _of_callee(to: str) -> Iterator[Problem]:
    if not to:
        yield Problem("to_missing", SERVER, "to is empty", "give the number that is called")
    elif "@" in to:
        yield Problem("to_uri", SERVER, f"to: {to} is a URI", "give its user part, the trunk has the host")
    elif re.match(r"(sips?|tel):", to, re.IGNORECASE):
        yield Problem("to_scheme", "", f"to: {to} is sent with its scheme, sip:{to}", "give the number only")
    elif address(to.split(":")[0]) or _DOMAIN.fullmatch(to):
        yield Problem("to_host", "", f"to: {to} is a host, and is sent as a number", "give the number that is called")
    elif re.search(r"[^A-Za-z0-9+*#._-]", to) or (normalized_number(to) != to and "-" in to):
        cause = f"to: {to} is sent as it is written, with blanks and punctuation"
        yield Problem("to_punctuation", "", cause, "write digits only, as +12025550100")


def _of_numbers(request: Request, trunk: dict) -> Iterator[Problem]:
    name, numbers = _name(trunk), trunk.get("numbers") or []
    own = {normalized_number(number) for number in numbers}
    given = request.from_number
    if not (given or numbers):
        yield Problem("number_missing", SERVER, f"{name} has no numbers", "give from_number, or the trunk numbers")
    elif not given and "*" in numbers:
        cause = f"{name} has the number *, which is sent as the caller"
        yield Problem("number_any", "", cause, "give from_number")
    elif given and "*" not in numbers and normalized_number(given) not in own:
        cause = f"from_number: {given} is not a number of {name} ({shortened(numbers)}), and is sent all the same"
        yield Problem("number_foreign", "", cause, "see that the provider lets you call with it, most do not")
    uris = [number for number in callers(request, trunk) if "@" in number]
    if uris:
        cause = f"the caller's number {shortened(uris)} is a URI"
        yield Problem("number_uri", SIP, cause, "give its user part, and from_host for its host")


def _of_trunk(trunk: dict) -> Iterator[Problem]:
    name, transport = _name(trunk), transport_of(trunk)
    for option in ("address", "from_host"):
        value = trunk.get(option) or ""
        host, number = host_port(value)
        if option == "address" and not value:
            yield Problem("host_missing", SIP, f"{name} has no address", "give the provider's host name")
        elif re.match(r"sips?:", value) or re.search(r"[;=]", value):
            cause = f"{name}: {option}: {value} is a URI or has parameters"
            yield Problem("host_uri", SIP, cause, "give the host only, and transport as an option")
        elif number and not port(number):
            cause = f"{name}: {option}: {value} has {number!r} where a port belongs"
            yield Problem("host_port", SIP, cause, "give the host, or host:port")
        elif option == "address" and not (_HOST.fullmatch(host) or address(host.strip("[]"))):
            cause = f"{name}: address: {value} is neither a host name nor an address"
            yield Problem("host_invalid", SIP, cause, "give the host, or host:port")
    number = host_port(trunk.get("address") or "")[1]
    if number == "5060" and transport == "tls":
        cause = f"{name}: the transport is tls, and port 5060 is the port without it"
        yield Problem("port_not_tls", "", cause, "leave the port out, which is 5061, or ask the provider")
    if number == "5061" and transport != "tls":
        cause = f"{name}: port 5061 is the port of tls, and the transport is {transport}"
        yield Problem("port_tls", "", cause, "set the transport to tls, or leave the port out")
    if bool(trunk.get("auth_username")) != bool(trunk.get("auth_password")):
        cause = f"{name} has only one of auth_username and auth_password: a call that is asked for them ends"
        yield Problem("password_missing", "", cause, "give both, or neither")


def _of_both(request: Request, trunk: dict) -> Iterator[Problem]:
    name, own = _name(trunk), encryption_of(trunk)
    spelled = {header.lower(): header for header in trunk.get("headers") or {}}
    for header in request.headers:
        other = spelled.get(header.lower(), header)
        if other != header:
            cause = f"headers: {header} does not replace the trunk's {other}: the call has both"
            yield Problem("header_twice", "", cause, f"write it as {other}")
    for option, lowest, of_trunk, given in (
        ("media_encryption", "disable", own, request.media_encryption),
        ("include_headers", "no_headers", include_headers_of(trunk), request.include_headers),
    ):
        if given == lowest != of_trunk:
            cause = f"{option}: {given} of a request changes nothing, and {name} has {of_trunk}"
            yield Problem("trunk_value_stays", "", cause, "change the trunk, or call on another one")
    encryption = higher("disable", own, request.media_encryption)
    if encryption != "disable" and transport_of(trunk) != "tls":
        cause = f"{name}: the keys of encrypted media are sent in clear over {transport_of(trunk)}"
        yield Problem("keys_in_clear", "", cause, "set the transport to tls")
    if encryption == "allow":
        cause = "encryption allow offers encrypted media only (RTP/SAVP), as require does"
        yield Problem("encryption_offered", "", cause, "see that the provider takes it, or set disable")


def _name(trunk: dict) -> str:
    return f"{OUTBOUND_TRUNK.title} {trunk.get('name') or trunk.get(OUTBOUND_TRUNK.id_field)!r}"


def callers(request: Request, trunk: dict) -> list[str]:
    numbers = [request.from_number] if request.from_number else trunk.get("numbers") or []
    if (trunk.get("address") or "").endswith("twilio.com"):
        return [number if number.startswith("+") else f"+{number}" for number in numbers]
    return list(numbers)


def lasts(request: Request) -> int:
    return min(request.max_call_duration or _LASTS, _LASTS)


def transport_of(trunk: dict) -> str:
    return _TRANSPORT.to_option(trunk.get("transport"))


def encryption_of(trunk: dict) -> str:
    stored = (trunk.get("media") or {}).get("encryption") or trunk.get("media_encryption")
    return ENCRYPTION.to_option(stored) or "disable"


def include_headers_of(trunk: dict) -> str:
    return INCLUDE_HEADERS.to_option(trunk.get("include_headers"))


def higher(lowest: str, own: str, given: str) -> str:
    """To livekit-server the lowest value of a request is one that is not given: the trunk's own counts."""
    return own if given in ("", lowest) else given


def host_port(text: str) -> tuple[str, str]:
    found = _HOST_PORT.fullmatch(text)
    return (found[1] or found[2] or "", found[3]) if found else (text, "")
