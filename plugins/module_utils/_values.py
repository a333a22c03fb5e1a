# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses, networks, ports and durations as LiveKit's programs and the firewall parse them.

Each function takes the value of a variable, and returns the parsed value, or None if it is invalid.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

LAST_PORT = 65535
_PREFIX = re.compile(r"0|[1-9][0-9]{0,2}")
_PORT = re.compile(r"0|[1-9][0-9]{0,4}")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
# Does not match the digest of an image, such as name:1.2@sha256:….
_USERINFO = re.compile(r"[^\s'\"/]*:[^\s'\"/]*@(?!sha256:)")
# The syntax of Go's time.ParseDuration.
_DURATION = re.compile(r"(?P<number>[0-9]+(?:[.][0-9]*)?|[.][0-9]+)(?P<unit>ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


def address(value, version: int | None = None):
    """One IP address, without a zone."""
    if not isinstance(value, str) or "%" in value:
        return None
    try:
        parsed = ipaddress.ip_address(value)
    except ValueError:
        return None
    return parsed if version in (None, parsed.version) else None


def network(value, version: int | None = None):
    """An address, or a network with its prefix length. Go and nft accept neither netmasks nor zones."""
    if not isinstance(value, str) or "%" in value:
        return None
    _base, slash, prefix = value.partition("/")
    if slash and not _PREFIX.fullmatch(prefix):
        return None
    try:
        parsed = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None
    return parsed if version in (None, parsed.version) else None


def port(value) -> int | None:
    """A port from 1 to 65535, given as a number or a string."""
    if isinstance(value, (bool, float)) or not _PORT.fullmatch(str(value)):
        return None
    return int(value) if 1 <= int(value) <= LAST_PORT else None


@dataclass(frozen=True)
class PortRange:
    """The ports from first to last, which may be equal."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    def overlaps(self, other: PortRange) -> bool:
        return self.first <= other.last and other.first <= self.last


def port_range(value) -> PortRange | None:
    """Two ports joined by a hyphen, the smaller one first, such as 10000-20000."""
    first, _hyphen, last = str(value).partition("-")
    if port(first) is None or port(last) is None or int(first) >= int(last):
        return None
    return PortRange(int(first), int(last))


def ports(value) -> PortRange | None:
    """A port or a range of ports."""
    single = port(value)
    return PortRange(single, single) if single is not None else port_range(value)


def duration(value) -> float | None:
    """The seconds of a duration with units, such as 1m30s, 500ms or -1s."""
    if not isinstance(value, str):
        return None
    unsigned = value[1:] if value[:1] in ("-", "+") else value
    parts = list(_DURATION.finditer(unsigned))
    if not parts or "".join(part[0] for part in parts) != unsigned:
        return None
    seconds = sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts)
    return -seconds if value.startswith("-") else seconds


def listed(value) -> list:
    """A list as Ansible's modules convert it: a string is split at commas, and a number becomes a list."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, (bool, int, float)):
        return [value]
    return list(value)


def loopback(value) -> bool:
    """Whether a host name or address, with or without brackets and a port, refers to the host itself."""
    if not isinstance(value, str):
        return False
    host = value if address(value) else value.rpartition(":")[0] or value
    host = host.strip("[]")
    parsed = address(host)
    return host == "localhost" or (parsed is not None and parsed.is_loopback)


def overlapping(entries, given) -> list:
    """The ports and port ranges that overlap the given ones."""
    wanted = ports(given)
    found = [(entry, ports(entry)) for entry in entries]
    return [entry for entry, parsed in found if wanted and parsed and parsed.overlaps(wanted)]


def host_and_port(value) -> bool:
    """Whether a value is a host name, an IPv4 address or an IPv6 address in brackets, with a port and no login."""
    if not isinstance(value, str) or value.count(":") > 1 and not value.startswith("["):
        return False
    host, _colon, number = value.rpartition(":")
    named = _HOST.fullmatch(host) if not host.startswith("[") else host.endswith("]") and address(host[1:-1], 6)
    return bool(named) and port(number) is not None


def masked(text: str) -> str:
    """A string without the user names and passwords in its URLs."""
    return _USERINFO.sub("***@", re.sub(r"(\w+://)\S*@", r"\1***@", text))


def version_numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version such as 1.13.8, which compare as versions do."""
    return tuple(map(int, version.split(".")))
