# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""A CreateSIPParticipant request, and how livekit-server processes it.

Pure: no I/O, no Ansible. The behaviour was measured; its source is
https://github.com/livekit/protocol/blob/main/rpc/sip.go and livekit/sip.go
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ._kinds import INCLUDE_HEADERS, MEDIA, OUTBOUND_TRUNK
from ._sip_uri import Uri, uri_of
from ._values import port

# Source: pkg/sip/participant.go of livekit-sip, pkg/service/sip.go of livekit-server
RINGS, LASTS, WAITS = 3 * 60 * 1000, 24 * 60 * 60 * 1000, 80 * 1000
# Like Go's net.SplitHostPort: a string that is not host:port is a host.
_HOST_PORT = re.compile(r"(?:\[([^][]*)\]|([^][:]*)):([^][:]+)")
ENCRYPTION = next(part.type for part in MEDIA.fields if part.name == "encryption")
TRANSPORT = next(part.type for part in OUTBOUND_TRUNK.fields if part.name == "transport")
# Since this version, livekit-server knows the field to_user_override. Older versions ignore it.
OVERRIDES_SINCE = (1, 13, 6)
# The codes of ISO 3166-1, and additional codes from golang.org/x/text/language.
_SECOND_LETTERS = {
    "A": "CDEFGILMNOQRSTUWXZ",
    "B": "ABDEFGHIJLMNOQRSTUVWYZ",
    "C": "ACDFGHIKLMNOPQRSTUVWXYZ",
    "D": "DEGJKMOYZ",
    "E": "ACEGHRSTZ",
    "F": "IJKMOQRX",
    "G": "ABDEFGHILMNPQRSTUWY",
    "H": "KMNRTUV",
    "I": "CDELMNOQRST",
    "J": "EMOPT",
    "K": "EGHIMNPRWYZ",
    "L": "ABCIKRSTUVY",
    "M": "ACDEFGHIKLMNOPQRSTUVWXYZ",
    "N": "ACEFGHILOPQRTUZ",
    "O": "M",
    "P": "ACEFGHKLMNRSTUWYZ",
    "Q": "A",
    "R": "EHOSUW",
    "S": "ABCDEGHIJKLMNORSTUVXYZ",
    "T": "ACDFGHJKLMNOPRTVWZ",
    "U": "AGKMNSYZ",
    "V": "ACDEGINU",
    "W": "FKS",
    "X": "K",
    "Y": "DETU",
    "Z": "AMRW",
}
COUNTRIES = frozenset(first + second for first, letters in _SECOND_LETTERS.items() for second in letters)


@dataclass(frozen=True)
class Request:
    """The fields of a CreateSIPParticipant request that affect the call; None means unset."""

    to: str
    trunk: str = ""  # name or id
    inline_trunk: dict | None = None
    request_uri: dict | None = None
    to_header: dict | None = None
    from_header: dict | None = None
    to_user_override: str = ""
    from_number: str = ""
    display_name: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    include_headers: str = ""
    hide_phone_number: bool = False
    media_encryption: str = ""
    media: dict = field(default_factory=dict)  # in a trunk's stored form
    destination: dict = field(default_factory=dict)
    ringing_timeout: int = 0  # milliseconds
    max_call_duration: int = 0  # milliseconds
    dtmf: str = ""
    wait_until_answered: bool = False
    room_name: str | None = None
    participant_identity: str = ""

    @property
    def encryption(self) -> str:
        """The encryption of the call. media_encryption is an older field that applies if media.encryption is unset."""
        return ENCRYPTION.to_option(self.media.get("encryption")) or self.media_encryption


def carrier(request: Request, stored: dict | None) -> dict:
    """The trunk of a call: the stored trunk or, if there is none, the inline trunk in stored form."""
    inline = request.inline_trunk
    if stored is None:
        return {} if inline is None else {"hostname": "", **inline, "address": inline.get("hostname") or ""}
    inline = inline or {}
    return {**stored, "from_host": stored.get("from_host") or inline.get("from_host") or ""}


def is_stored(trunk: dict) -> bool:
    return OUTBOUND_TRUNK.id_field in trunk


def callers(request: Request, trunk: dict) -> list[str]:
    numbers = [request.from_number] if request.from_number else trunk.get("numbers") or []
    if (trunk.get("address") or "").endswith("twilio.com"):
        return [number if number.startswith("+") else f"+{number}" for number in numbers]
    return list(numbers)


def called_uri(request: Request, trunk: dict) -> Uri:
    """The URI of the To header, which is also the destination of the INVITE if the request has no request_uri."""
    host, number = host_port(trunk.get("address") or "")
    bare = ":" in host and not host.startswith("[")
    return Uri(f"[{host}]" if bare else host, request.to, port(number) or 0).over(transport_of(trunk))


def target(request: Request, trunk: dict) -> Uri | str:
    """The destination of the INVITE, or the reason why there is none."""
    if request.request_uri is None:
        return called_uri(request, trunk)
    return uri_of(request.request_uri, transport_of(trunk))


def lasts(request: Request) -> int:
    return min(request.max_call_duration or LASTS, LASTS)


def transport_of(trunk: dict) -> str:
    return TRANSPORT.to_option(trunk.get("transport"))


def encryption_of(trunk: dict) -> str:
    stored = (trunk.get("media") or {}).get("encryption") or trunk.get("media_encryption")
    return ENCRYPTION.to_option(stored) or "disable"


def include_headers_of(trunk: dict) -> str:
    return INCLUDE_HEADERS.to_option(trunk.get("include_headers"))


def media_of(request: Request, trunk: dict) -> dict:
    """Codecs and media timeout of a call. If the request has no codecs, both codec fields are the stored trunk's."""
    own, given = trunk.get("media") or {}, request.media
    codecs = given if given.get("codecs") or not is_stored(trunk) else own
    silence = given.get("media_timeout") or own.get("media_timeout")
    return {
        "only_listed_codecs": bool(codecs.get("only_listed_codecs")),
        "codecs": codecs.get("codecs") or [],
        "media_timeout": silence,
    }


def higher(lowest: str, own: str, given: str) -> str:
    """The effective value: livekit-server treats the lowest value in a request as unset and uses the trunk's value."""
    return own if given in ("", lowest) else given


def host_port(text: str) -> tuple[str, str]:
    found = _HOST_PORT.fullmatch(text)
    return (found[1] or found[2] or "", found[3]) if found else (text, "")
