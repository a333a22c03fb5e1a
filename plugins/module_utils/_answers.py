# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Converts an HTTP response into LiveKit's JSON, or into an error that suggests a fix.

Source: https://twitchtv.github.io/twirp/docs/spec_v7.html
"""

from __future__ import annotations

import contextlib
import re
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from ._failures import said

_CLOCK_SKEW_WORTH_NAMING = 30
# The server's own error codes that have a hint.
_OF_THE_SERVER = ("bad_route", "resource_exhausted", "unavailable", "invalid_argument", "malformed", "internal")
# Responses of Go's net/http, nginx, Apache and HAProxy to plain HTTP requests on a TLS port.
_WANTS_TLS = re.compile(r"HTTP request.*HTTPS|speaking plain HTTP to an SSL", re.IGNORECASE | re.DOTALL)


class LiveKitError(Exception):
    """The request failed, or the server rejected it.

    code: the Twirp error code, or one from docs/failures.md.
    wait: seconds to wait before the next request, as the server asked.
    said: the server's message.
    """

    def __init__(self, code: str, message: str, rpc: str = "", hint: str = "", wait: float = 0, said: str = ""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.rpc = rpc
        self.hint = hint
        self.wait = wait
        self.said = said


def failure(name: str, rpc: str, wait: float = 0, /, **words) -> LiveKitError:
    code, message, hint = said(name, rpc=rpc, **words)
    return LiveKitError(code, message, rpc, hint, wait)


def decoded(rpc: str, url: str, answer, now: float) -> dict:
    """The JSON object in the response. Raises LiveKitError. `now` is the local time in Unix seconds."""
    try:
        content = answer.json()
    except (ValueError, RecursionError):
        content = None
    if answer.status_code in (301, 302, 303, 307, 308):
        raise _redirected(rpc, url, answer)
    if answer.status_code == 200 and isinstance(content, dict):
        return content
    if answer.status_code == 200 and isinstance(content, list):
        raise odd_answer(rpc, url, "a list where an object is expected")
    text, wait = without_token(answer.text.strip()), _wait(answer, now)
    if answer.status_code == 429:
        raise failure("resource_exhausted", rpc, wait)
    if isinstance(content, dict) and "code" in content:
        code, message = str(content["code"]), without_token(str(content.get("msg") or ""))
        name = _name(code, message)
        error = failure(name, rpc, wait, text=f"{message} ({code})", skew=_clock_skew(answer, now))
        error.code, error.said = code, message
        raise error
    if answer.status_code == 401:
        name = _name("unauthenticated", text)
        raise failure(name, rpc, text=text[:200], skew=_clock_skew(answer, now))
    if answer.status_code == 400 and _WANTS_TLS.search(text):
        raise wants_tls(rpc, url)
    name = "not_json_5xx" if answer.status_code >= 500 else "not_json"
    raise failure(name, rpc, wait, url=url, status=answer.status_code, text=repr(text[:120]))


def odd_answer(rpc: str, url: str, what: str) -> LiveKitError:
    """The error for JSON that LiveKit never returns."""
    return failure("odd_answer", rpc, url=url, what=what)


def wants_tls(rpc: str, url: str) -> LiveKitError:
    return failure("tls_wanted", rpc, url=url)


def _redirected(rpc: str, url: str, answer) -> LiveKitError:
    place = answer.headers.get("Location") or ""
    with contextlib.suppress(ValueError):
        place = urljoin(answer.url, place) if place else ""
    place = re.sub(r"//[^/@]*@", "//", without_token(place)).removesuffix(f"/twirp/livekit.SIP/{rpc}")
    where = f"points to {place[:200]}" if place else "does not say where to"
    return failure("redirected", rpc, url=url, status=answer.status_code, place=where)


def _name(code: str, message: str) -> str:
    """The name of the failure for an error from the server."""
    if "redis required" in message:
        return "no_redis"
    if code != "unauthenticated":
        return code if code in _OF_THE_SERVER else "other"
    if "not valid yet" in message or "expired" in message:
        return "unauthenticated_clock"
    if "permissions denied" in message:
        return "unauthenticated_grant"
    if "invalid API key" in message:
        return "unauthenticated_key"
    return "unauthenticated_secret" if "signature" in message else "unauthenticated"


def without_token(text: str) -> str:
    """The message without the request's token, which livekit-server repeats in a 401 response."""
    return re.sub(r"eyJ[\w-]*\.[\w-]*\.[\w-]*", "<token>", text)


def _wait(answer, now: float) -> float:
    """The seconds in Retry-After, or 0 without that header."""
    asked = answer.headers.get("Retry-After") if answer.status_code in (429, 503) else None
    try:
        seconds = float(asked) if re.fullmatch(r"[0-9]+", asked) else _timestamp(asked) - now
    except (TypeError, ValueError):
        return 0
    return max(seconds, 0)


def _clock_skew(answer, now: float) -> int:
    """Seconds between the server's clock and the local one, or 0 if the difference is negligible."""
    try:
        there = _timestamp(answer.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return 0
    skew = round(abs(there - now))
    return skew if skew > _CLOCK_SKEW_WORTH_NAMING else 0


def _timestamp(date: str) -> float:
    return parsedate_to_datetime(date).timestamp()
