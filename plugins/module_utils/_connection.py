# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The connection options, and the errors in them that are found before the first request."""

from __future__ import annotations

import os
import re
import ssl
from urllib.parse import urlsplit

from ._answers import LiveKitError, failure
from ._invalid import invalid
from ._written import HIDDEN, shown_value

MAX_TIMEOUT = 3600
_HOST = re.compile(r"[^\s{}<>|\\^`\"']+")


def timeout_problem(timeout: int) -> str:
    """The error in `timeout`, if there is one."""
    if 1 <= timeout <= MAX_TIMEOUT:
        return ""
    return _invalid("timeout", timeout, "timeout", most=MAX_TIMEOUT)


def problems(params: dict) -> list[str]:
    """The errors in the other options, except `url`, for a run that connects to the server."""
    found = [
        _invalid(name, params[name], problem)
        for name, problem in (("api_key", "no_key"), ("api_secret", "no_secret"))
        if not params[name].strip()
    ]
    option, path = _authorities(params)
    reason = path and _authorities_problem(path)
    if reason:
        found.append(_invalid(option, path, "no_authorities", reason=reason))
    return found


def verification(params: dict) -> bool | str:
    """The value of `verify` for `requests`."""
    return _authorities(params)[1] or bool(params["validate_certs"])


def http_url(url: str) -> str:
    """The base URL of the API. LiveKit's clients use ws:// and wss:// for the same server."""
    if "@" in url:
        raise _bad_url(HIDDEN, "it contains a user name or password")
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        valid = _HOST.fullmatch(parts.hostname or "") and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise _bad_url(url) from None
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in ("http", "https") or not valid or re.match(r"(https?|wss?):(?!//)", url):
        raise _bad_url(url)
    if parts.query or parts.fragment:
        raise _bad_url(url, "it contains more than scheme, host, port and path")
    return parts._replace(scheme=scheme).geturl().rstrip("/")


def sends_in_clear(url: str) -> bool:
    """Whether tokens and trunk passwords would cross a network unencrypted."""
    parts = urlsplit(http_url(url))
    local = parts.hostname in ("localhost", "::1") or parts.hostname.startswith("127.")
    return parts.scheme == "http" and not local


def _bad_url(url: str, reason: str = "it is not the URL of a LiveKit server") -> LiveKitError:
    return failure("bad_url", "", url=shown_value(url), reason=reason)


def _invalid(option: str, value: str | int, problem: str, **words) -> str:
    return f"{option}: {shown_value(value)} is invalid: {invalid(problem, **words)}"


def _authorities(params: dict) -> tuple[str, str]:
    """The option or variable that sets the path of the CA certificates, and the path; both empty if no path is used."""
    if not params["validate_certs"]:
        return "", ""
    if params["ca_path"]:
        return "ca_path", params["ca_path"]
    if params["url"].lower().startswith(("https://", "wss://")):
        for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            if os.environ.get(variable):
                return variable, os.environ[variable]
    return "", ""


def _authorities_problem(path: str) -> str:
    """The reason, if any, why no certificates can be read from this path."""
    try:
        if os.path.isdir(path):
            hashed = any(re.fullmatch(r"[0-9a-f]{8}\.[0-9]+", name) for name in os.listdir(path))
            return "" if hashed else "the folder contains no certificate with a name from openssl rehash"
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except (ssl.SSLError, ValueError):
        return "it contains no certificate in PEM format"
    except OSError as error:
        return error.strerror or str(error)
    return ""
