# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Addresses and networks as Go's netip and livekit-server parse them; Python accepts more.

Pure: no I/O, no Ansible. Source: isValidMask and matchAddrMasks in
https://github.com/livekit/protocol/blob/main/sip/sip.go
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from functools import lru_cache

from ._invalid import invalid

# The server drops masks that contain these characters. If no mask is left, it allows every source.
_DROPPED_MASK = re.compile(r"[()+*;, \t\n\r]|://")


@lru_cache(maxsize=100_000)
def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@lru_cache(maxsize=100_000)
def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """An address, or a network with its prefix length. Python, unlike Go's netip, also accepts netmasks and zones."""
    base, slash, length = text.rpartition("/")
    if not slash:
        base, length = text, ""
    elif not re.fullmatch(r"0|[1-9][0-9]*", length):
        return None
    if "%" in base:
        return None
    if address(base) is None:
        return None
    try:
        return ipaddress.ip_network(text if slash else base, strict=False)
    except ValueError:
        return None


def honoured_masks(masks: t.Iterable[str] | None) -> list[str]:
    """The entries of allowed_addresses that the server keeps. If none is left, every source is allowed."""
    return [mask for mask in masks or () if not _DROPPED_MASK.search(mask)]


def source_allowed(source: str, from_host: str, masks: t.Iterable[str] | None) -> bool:
    """Whether a trunk's allowed_addresses allow a call. Callers can forge `from_host`."""
    ip = address(source)
    honoured = honoured_masks(masks)
    if ip is None or not honoured:
        return True
    return any(mask == from_host or _contains(mask, ip) for mask in honoured)


def _contains(mask: str, ip) -> bool:
    if "/" not in mask:
        return address(mask) == ip
    found = network(mask)
    return found is not None and not getattr(ip, "scope_id", None) and ip in found


def mask_problem(mask: str) -> str | None:
    """Reason why livekit-server drops this entry of allowed_addresses or never matches it; None if it is valid.

    The server silently drops masks that contain certain characters. If no mask is left, it allows every source.
    Source: https://github.com/livekit/protocol/blob/main/sip/sip.go
    """
    if not mask or mask != mask.strip() or re.search(r"[()+*;,\s]|://", mask):
        return invalid("mask_characters")
    found = network(mask)
    if found is not None:
        mapped = found.version == 6 and found.network_address in ipaddress.ip_network("::ffff:0:0/96")
        return invalid("mask_mapped") if mapped else None
    if re.search(r"[/:%\[\]]", mask) or re.fullmatch(r"[0-9.\-]+|0x[0-9a-f]+", mask, re.IGNORECASE):
        return invalid("mask_unreadable")
    if not re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?", mask):
        return invalid("mask_host")
    return None
