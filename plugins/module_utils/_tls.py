# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Explains TLS failures."""

from __future__ import annotations

import re
import socket
import ssl
from urllib.parse import urlsplit

from ._answers import LiveKitError, failure

_PROBE_SECONDS = 3


def tls_error(rpc: str, url: str, error: Exception) -> LiveKitError | None:
    """The error for a failed handshake, or None if the connection broke, which may be temporary."""
    text = str(error)
    if re.search(r"EOF|reset by peer", text):
        return None
    if re.search(r"WRONG_VERSION_NUMBER|HTTP_REQUEST|RECORD_LAYER_FAILURE|PACKET_LENGTH", text):
        return failure("tls_not", rpc, url=url)
    refused = re.search(r"certificate verify failed: (.+?)\.? *(\(_ssl|['\")]|$)", text)
    reason = refused[1] if refused else ""
    if "mismatch" in text or "doesn't match" in text:
        reason = reason or "it is for another host"
        name = "tls_host"
    elif "has expired" in text or "not yet valid" in text:
        name = "tls_dates"
    elif reason:
        name = "tls_authority"
    else:
        found = re.search(r"\[SSL: (\w+)\]", text)
        reason = found[1].lower().replace("_", " ") if found else text.rsplit("(Caused by ", maxsplit=1)[-1][:200]
        name = "tls_other"
    return failure(name, rpc, url=url, reason=reason)


def speaks_tls(url: str, timeout: float) -> bool:
    """Whether a server that closes connections without an answer accepts a TLS handshake."""
    parts = urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        place, limit = (parts.hostname, parts.port or 80), min(timeout, _PROBE_SECONDS)
        with socket.create_connection(place, limit) as connection, context.wrap_socket(connection):
            return True
    except (OSError, ValueError):
        return False
