# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""SIP URIs in requests for outbound calls, parsed and written as livekit-sip does.

Pure: no I/O, no Ansible. The behaviour was taken from the source, not measured:
https://github.com/livekit/sip/blob/main/pkg/sip/client.go and
https://github.com/emiago/sipgo/blob/main/sip/parse_uri.go
"""

from __future__ import annotations

import re
import typing as t

from ._values import LAST_PORT
from ._written import HIDDEN

_URI = re.compile(
    r"(?P<scheme>[^:]+):(?://)?(?:(?P<user>[^@:]*)(?::(?P<password>[^@]*))?@)?"
    r"(?P<host>\[[^\]]+\]|[^:;?\[]*)(?::(?P<port>[0-9]+))?(?:;(?P<parameters>[^?]*))?(?:\?(?P<headers>.*))?",
    re.ASCII | re.DOTALL,
)


class Uri(t.NamedTuple):
    host: str
    user: str = ""
    port: int = 0  # 0 means the transport's default
    scheme: str = "sip"
    password: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    headers: str = ""

    @property
    def transport(self) -> str:
        """The transport of a request with this URI."""
        found = dict(self.parameters).get("transport", "").lower() or "udp"
        return "tls" if (self.scheme, found) == ("sips", "tcp") else found

    def over(self, transport: str) -> Uri:
        """The URI with a trunk's transport, unless that is `auto`."""
        if transport == "auto":
            return self
        return self._replace(parameters=tuple((dict(self.parameters) | {"transport": transport}).items()))

    def __str__(self) -> str:
        """The URI as livekit-sip writes it, without the password."""
        user = f"{self.user}{f':{HIDDEN}' if self.password else ''}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        parameters = "".join(f";{name}={value}" if value else f";{name}" for name, value in self.parameters)
        return f"{self.scheme}:{user}{self.host}{port}{parameters}{f'?{self.headers}' if self.headers else ''}"


def parsed(raw: str) -> Uri | None:
    """The URI in a string, with or without angle brackets; None if it is invalid."""
    found = _URI.fullmatch(raw[1:-1] if raw.startswith("<") and raw.endswith(">") else raw)
    if not found or not found["host"] or int(found["port"] or 0) > LAST_PORT:
        return None
    pairs = [part.partition("=")[::2] for part in (found["parameters"] or "").split(";") if part]
    return Uri(
        found["host"],
        found["user"] or "",
        int(found["port"] or 0),
        found["scheme"].lower(),
        found["password"] or "",
        tuple(dict(pairs).items()),
        found["headers"] or "",
    )


def uri_of(given: dict, transport: str) -> Uri | str:
    """The URI that livekit-sip builds from a destination and a trunk's transport, or the reason why there is none."""
    values = given.get("values")
    if given.get("raw") is not None:
        return uri.over(transport) if (uri := parsed(given["raw"])) else "raw is not a SIP URI"
    if values is None:
        return "it has neither raw nor values"
    own = values.get("transport") or "auto"
    host = values.get("host") or values.get("ip") or ""
    if "auto" not in (own, transport) and own != transport:
        return f"its transport is {own}, but the trunk's is {transport}"
    if not values.get("user"):
        return "values has no user"
    if not host:
        return "values has neither host nor ip"
    if re.fullmatch(r"(\[[^][]*\]|[^][:]*):[^][:]+", host):
        return "host and ip must not contain a port: port is a separate field"
    return Uri(host, values["user"], values.get("port") or 0).over(own if transport == "auto" else transport)
