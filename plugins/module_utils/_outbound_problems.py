# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Problems with an outbound call: errors, and settings that are probably not intended.

Pure: no I/O, no Ansible. The behaviour of livekit-server was measured; its source is
https://github.com/livekit/protocol/blob/main/livekit/sip.go and rpc/sip.go
The behaviour of livekit-sip was not measured, but taken from its source:
https://github.com/livekit/sip/blob/main/pkg/sip/client.go and outbound.go
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator

from ._addresses import address
from ._calls import shortened
from ._codecs import codec_without_rate, spoken
from ._findings import ERROR, WARNING
from ._headers import (
    TAKEN_AS_YET,
    display_name_problem,
    header_name_problem,
    header_value_problem,
    is_token,
)
from ._kinds import OUTBOUND_TRUNK
from ._numbers import normalized_number
from ._outbound_request import (
    COUNTRIES,
    LASTS,
    OVERRIDES_SINCE,
    WAITS,
    Request,
    called_uri,
    callers,
    encryption_of,
    higher,
    host_port,
    include_headers_of,
    is_stored,
    lasts,
    media_of,
    target,
    transport_of,
)
from ._sip_uri import Uri, uri_of
from ._values import port
from ._written import milliseconds, seconds

SERVER, SIP = "livekit-server", "livekit-sip"

_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_DOMAIN = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?")
_MAX_SILENCE = 10 * 60 * 1000


class Problem(t.NamedTuple):
    """A problem with an outbound call: an error, or a setting that is probably not intended."""

    code: str
    refused_by: str  # SERVER or SIP; empty if the call goes out
    cause: str
    fix: str

    @property
    def severity(self) -> str:
        return ERROR if self.refused_by else WARNING

    def as_dict(self) -> dict:
        return {"severity": self.severity, **self._asdict()}


def problems_on_trunk(request: Request, trunk: dict) -> Iterator[Problem]:
    """Problems with a request and its trunk. Stored and inline trunks have the same form."""
    yield from _of_numbers(request, trunk)
    yield from _of_trunk(trunk)
    yield from _of_uris(request, trunk)
    yield from _of_media(request, trunk)
    yield from _of_both(request, trunk)


def problems_of_request(request: Request, since: tuple[int, ...] | None = None) -> Iterator[Problem]:
    """Problems with the request itself. `since` is livekit-server's version."""
    if request.room_name == "":
        yield Problem("room_missing", SERVER, "room_name is empty", "name the room that the callee joins")
    if request.display_name is not None and display_name_problem(request.display_name):
        cause = f"display_name: {display_name_problem(request.display_name)}"
        yield Problem("display_name_invalid", SERVER, cause, "shorten it, and write \\ before a quotation mark")
    for name, value in request.headers.items():
        wrong = header_name_problem(name) or header_value_problem(value)
        if wrong:
            yield Problem("header_refused", SERVER, f"headers: {name!r}: {wrong}", "omit it, or correct it")
        elif name.lower() in TAKEN_AS_YET:
            cause = f"headers: livekit-sip sets {name} itself, so the call has it twice"
            yield Problem("header_twice", "", cause, "omit it")
    yield from _of_callee(request.to)
    yield from _of_override(request.to_user_override, since)
    yield from _of_inline_trunk(request)
    yield from _of_destination(request.destination)
    if request.to_header is not None:
        cause = "to_header: livekit-sip builds the To header from to, which every request has, and does not accept both"
        yield Problem("to_header_refused", SIP, cause, "omit it, and set to_user_override for a different user")
    unknown = sorted(set(request.dtmf) - set("0123456789*#ABCDabcdw"))
    if unknown:
        cause = f"dtmf: {' '.join(unknown)} is not a digit, and half a second of silence is sent for it"
        yield Problem("dtmf_unknown", "", cause, "write only digits, *, #, A to D, and w for half a second")
    rings = request.ringing_timeout
    if rings > WAITS and request.wait_until_answered:
        cause = f"ringing_timeout is {seconds(rings)}, but with wait_until_answered it rings {seconds(WAITS)} at most"
        yield Problem("ringing_too_long", "", cause, "shorten it, or do not wait")
    if rings > lasts(request):
        cause = f"ringing_timeout is {seconds(rings)}, but max_call_duration, which counts from the INVITE, is shorter"
        yield Problem("ringing_too_long", "", cause, "shorten it, or lengthen max_call_duration")
    if request.max_call_duration > LASTS:
        cause = f"max_call_duration is more than {seconds(LASTS)}, after which livekit-sip ends the call"
        yield Problem("call_too_long", "", cause, "shorten it")
    if request.hide_phone_number and not request.participant_identity:
        cause = "hide_phone_number removes the numbers from the attributes, but the identity still contains the number"
        yield Problem("number_in_identity", "", cause, "give a participant_identity")


def _of_callee(to: str) -> Iterator[Problem]:
    if not to:
        yield Problem("to_missing", SERVER, "to is empty", "give the number that is called")
    elif "@" in to:
        yield Problem("to_uri", SERVER, f"to: {to} is a URI", "give only its user part; the trunk has the host")
    elif re.match(r"(sips?|tel):", to, re.IGNORECASE):
        yield Problem("to_scheme", "", f"to: {to} is sent with its scheme, sip:{to}", "give the number only")
    elif address(to.split(":")[0]) or _DOMAIN.fullmatch(to):
        yield Problem("to_host", "", f"to: {to} is a host, but is sent as a number", "give the number that is called")
    elif re.search(r"[^A-Za-z0-9+*#._-]", to) or (normalized_number(to) != to and "-" in to):
        cause = f"to: {to} is sent unchanged, with spaces and punctuation"
        yield Problem("to_punctuation", "", cause, "write only digits, such as +12025550100")


def _of_override(user: str, since: tuple[int, ...] | None) -> Iterator[Problem]:
    first = ".".join(map(str, OVERRIDES_SINCE))
    if not user:
        return
    if since is None or since < OVERRIDES_SINCE:
        cause = f"to_user_override: livekit-server before {first} ignores it"
        yield Problem("to_user_left_out", "", cause, f"use livekit-server {first} or newer")
    if (since is None or since >= OVERRIDES_SINCE) and not is_token(user):
        cause = f"to_user_override: {user} is not a user name"
        yield Problem("to_user_refused", SERVER, cause, "write letters, digits and any of -.!%*_+`'~")


def _of_inline_trunk(request: Request) -> Iterator[Problem]:
    """Problems with the inline trunk. livekit-server rejects them even if the request uses a stored trunk."""
    inline = request.inline_trunk
    if inline is None:
        if not (request.trunk or request.from_number):
            cause = "neither trunk nor inline_trunk nor from_number is given"
            yield Problem("trunk_not_given", SERVER, cause, "name a trunk, or give inline_trunk and from_number")
        return
    if request.trunk:
        cause = "inline_trunk is ignored if trunk is set, except for from_host if the trunk has none"
        yield Problem("inline_trunk_left_out", "", cause, "give one of the two")
    if not inline.get("hostname"):
        yield Problem(
            "host_missing", SERVER, "inline_trunk has no hostname", "give the provider's host name or address"
        )
    for option in ("hostname", "from_host"):
        if _is_uri(inline.get(option) or ""):
            cause = f"inline_trunk: {option}: {inline[option]} is a URI or has parameters"
            yield Problem("host_uri", SERVER, cause, "give the host, and set transport")
    headers = [*(inline.get("headers_to_attributes") or {}), *(inline.get("attributes_to_headers") or {}).values()]
    wrong = [name for name in headers if not is_token(name) or not 0 < len(name.encode()) <= 255]
    if wrong:
        cause = f"inline_trunk maps {shortened([*map(repr, wrong)])}, which is not a valid header name"
        yield Problem("header_map_refused", SERVER, cause, "correct it, or omit it")


def _is_uri(host: str) -> bool:
    """Whether livekit-server rejects this host because it is a URI or has parameters."""
    return bool(re.match(r"sips?:", host) or re.search(r"[@;]|transport=", host))


def _of_destination(destination: dict) -> Iterator[Problem]:
    country = destination.get("country") or ""
    if destination.get("city") and not (country or destination.get("region")):
        cause = "destination has a city, but no country or region"
        yield Problem("destination_refused", SERVER, cause, "also give the country")
    if country and country not in COUNTRIES:
        cause = f"destination: {country} is not a country code of two capital letters"
        yield Problem("destination_refused", SERVER, cause, "use a code of ISO 3166-1, such as US")


def _of_uris(request: Request, trunk: dict) -> Iterator[Problem]:
    uri, own = target(request, trunk), called_uri(request, trunk)
    if isinstance(uri, str):
        yield Problem("uri_invalid", SIP, f"request_uri: {uri}", "write it like sip:+12025550150@sip.example.com")
    else:
        if uri.scheme not in ("sip", "sips"):
            cause = f"request_uri: {uri.scheme} has no host to send a request to"
            yield Problem("uri_scheme", SIP, cause, "write it with sip:")
        if uri.transport not in ("udp", "tcp", "tls"):
            cause = f"request_uri: livekit-sip does not support {uri.transport}"
            yield Problem("uri_transport", SIP, cause, "set transport to udp, tcp or tls")
        if uri.scheme == "sips" and uri.transport != "tls":
            cause = f"request_uri: sips does not select a transport, so the call goes over {uri.transport}"
            yield Problem("uri_not_tls", "", cause, "set the trunk's transport to tls")
        if request.request_uri is not None and (uri.user, uri.host) != (own.user, own.host):
            cause = f"request_uri calls {uri.user or 'no user'} at {uri.host}, but To names {own.user} at {own.host}"
            yield Problem("uri_elsewhere", "", cause, "check that the provider accepts it")
        yield from _of_port(uri)
    if request.from_header is not None:
        caller = uri_of(request.from_header, transport_of(trunk))
        if isinstance(caller, str):
            cause = f"from_header: {caller}"
            yield Problem("uri_invalid", SIP, cause, "write it like sip:+12025550100@pbx.example.org")
        elif request.display_name is not None:
            cause = "display_name is ignored if from_header is set, which has its own"
            yield Problem("display_name_left_out", "", cause, "give the name in from_header")


def _of_port(uri: Uri) -> Iterator[Problem]:
    if uri.port == 5060 and uri.transport == "tls":
        cause = "the transport is tls, but port 5060 is the port without TLS"
        yield Problem("port_not_tls", "", cause, "omit the port (the default is 5061), or ask the provider")
    if uri.port == 5061 and uri.transport != "tls":
        cause = f"port 5061 is the port of tls, but the call goes over {uri.transport}"
        yield Problem("port_tls", "", cause, "set the transport to tls, or omit the port")


def _of_media(request: Request, trunk: dict) -> Iterator[Problem]:
    names = [codec.get("name") or "" for codec in request.media.get("codecs") or ()]
    wrong = [name for name in names if not name or re.search(r"[\s/]", name)]
    if wrong:
        cause = f"media: {shortened([*map(repr, wrong)])} is not a codec's name"
        yield Problem("media_refused", SERVER, cause, "write it as PCMU or PCMU/8000")
    if milliseconds(request.media.get("media_timeout") or "0s") > _MAX_SILENCE:
        cause = f"media: media_timeout is longer than {seconds(_MAX_SILENCE)}"
        yield Problem("media_refused", SERVER, cause, "shorten it")
    media = media_of(request, trunk)
    without = [codec["name"] for codec in media["codecs"] if codec_without_rate(codec)]
    if without:
        cause = f"the codec {shortened(without)} has no rate, and livekit-sip has no default rate for it"
        yield Problem("codec_rate_missing", SIP, cause, "give its rate, or write its name in upper case")
    if media["only_listed_codecs"] and not media["codecs"]:
        cause = "only_listed_codecs is set, but no codec is listed"
        yield Problem("codecs_none", SIP, cause, "list codecs, or omit only_listed_codecs")
    elif media["only_listed_codecs"] and not any(map(spoken, media["codecs"])):
        cause = "livekit-sip supports none of the allowed codecs, and offers none"
        yield Problem("codecs_unknown", "", cause, "also list PCMU or PCMA")


def _of_numbers(request: Request, trunk: dict) -> Iterator[Problem]:
    name, numbers = _name(trunk), trunk.get("numbers") or []
    own = {normalized_number(number) for number in numbers}
    given = request.from_number
    if not (given or numbers):
        yield Problem("number_missing", SERVER, f"{name} has no numbers", "give from_number, or numbers of the trunk")
    elif not is_stored(trunk):
        pass
    elif not given and "*" in numbers:
        cause = f"{name} has the number *, which is sent as the calling number"
        yield Problem("number_any", "", cause, "give from_number")
    elif given and "*" not in numbers and normalized_number(given) not in own:
        cause = f"from_number: {given} is not a number of {name} ({shortened(numbers)}), but is sent anyway"
        yield Problem("number_foreign", "", cause, "check that the provider allows it; most do not")
    uris = [number for number in callers(request, trunk) if "@" in number]
    if uris and request.from_header is None:
        cause = f"the caller's number {shortened(uris)} is a URI"
        yield Problem("number_uri", SIP, cause, "give its user part, and set from_host for its host")


def _of_trunk(trunk: dict) -> Iterator[Problem]:
    name = _name(trunk)
    for option in ("address", "from_host"):
        value = trunk.get(option) or ""
        host, number = host_port(value)
        where = f"{name}: {'hostname' if option == 'address' and not is_stored(trunk) else option}: {value}"
        if not is_stored(trunk) and (not value or _is_uri(value)):
            # Without a trunk, livekit-server does not require a host.
            if option == "address" and "hostname" not in trunk:
                yield Problem("host_missing", SIP, "there is no trunk, so there is no host", "name a trunk")
        elif option == "address" and not value:
            yield Problem("host_missing", SIP, f"{name} has no address", "give the provider's host name")
        elif re.match(r"sips?:", value) or re.search(r"[;=]", value):
            cause = f"{where} is a URI or has parameters"
            yield Problem("host_uri", SIP, cause, "give only the host, and set transport")
        elif number and not port(number):
            cause = f"{where} has {number!r} instead of a port"
            yield Problem("host_port", SIP, cause, "give the host, or host:port")
        elif option == "address" and not (_HOST.fullmatch(host) or address(host.strip("[]"))):
            cause = f"{where} is neither a host name nor an address"
            yield Problem("host_invalid", SIP, cause, "give the host, or host:port")
    if bool(trunk.get("auth_username")) != bool(trunk.get("auth_password")):
        cause = f"{name} has only one of auth_username and auth_password: calls fail if the provider asks for them"
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
        ("media_encryption", "disable", own, request.encryption),
        ("include_headers", "no_headers", include_headers_of(trunk), request.include_headers),
    ):
        if given == lowest != of_trunk:
            cause = f"{option}: {given} in a request has no effect, because {name} has {of_trunk}"
            yield Problem("trunk_value_stays", "", cause, "change the trunk, or use another one")
    encryption, uri = higher("disable", own, request.encryption), target(request, trunk)
    if encryption != "disable" and isinstance(uri, Uri) and uri.transport != "tls":
        cause = f"{name}: the keys of encrypted media are sent unencrypted over {uri.transport}"
        yield Problem("keys_in_clear", "", cause, "set the transport to tls")
    if encryption == "allow":
        cause = "encryption allow offers encrypted media only (RTP/SAVP), as require does"
        yield Problem("encryption_offered", "", cause, "check that the provider accepts it, or set disable")


def _name(trunk: dict) -> str:
    if not is_stored(trunk):
        return "inline_trunk" if "hostname" in trunk else "the request"
    return f"{OUTBOUND_TRUNK.title} {trunk.get('name') or trunk.get(OUTBOUND_TRUNK.id_field)!r}"
