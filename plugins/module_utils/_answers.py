# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""What an HTTP answer means: the JSON that LiveKit gives, or an error that says what to do.

Source: https://twitchtv.github.io/twirp/docs/spec_v7.html
"""

from __future__ import annotations

import contextlib
import re
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

_CLOCK_SKEW_WORTH_NAMING = 30
_ANOTHER_PROGRAM = "a proxy or another program answers there: check the url; livekit-server itself listens on port 7880"
# What servers answer that are spoken to without TLS: Go's own, nginx, Apache and HAProxy.
_WANTS_TLS = re.compile(r"HTTP request.*HTTPS|speaking plain HTTP to an SSL", re.IGNORECASE | re.DOTALL)


class LiveKitError(Exception):
    """The server could not be asked, or said no.

    code: the Twirp error code, or one that docs/failures.md has.
    wait: the seconds that the server asks to wait before the next request.
    said: the server's own text.
    """

    def __init__(self, code: str, message: str, rpc: str = "", hint: str = "", wait: float = 0, said: str = ""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.rpc = rpc
        self.hint = hint
        self.wait = wait
        self.said = said


def decoded(rpc: str, url: str, answer, now: float) -> dict:
    """The JSON object that the server answers. Raises LiveKitError. `now` is our time in Unix seconds."""
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
        code = "resource_exhausted"
        raise LiveKitError(code, f"{rpc}: too many requests (HTTP 429)", rpc, _hint(code, "", answer, now), wait)
    if isinstance(content, dict) and "code" in content:
        code, message = str(content["code"]), without_token(str(content.get("msg") or ""))
        raise LiveKitError(code, f"{rpc}: {message} ({code})", rpc, _hint(code, message, answer, now), wait, message)
    if answer.status_code == 401:
        hint = _hint("unauthenticated", text, answer, now)
        raise LiveKitError("unauthenticated", f"{rpc}: {text[:200]}", rpc, hint)
    if answer.status_code == 400 and _WANTS_TLS.search(text):
        raise wants_tls(rpc, url)
    raise LiveKitError(
        "not_json_5xx" if answer.status_code >= 500 else "not_json",
        f"{rpc}: {url} answered HTTP {answer.status_code}, and not in LiveKit's JSON: {text[:120]!r}",
        rpc,
        _ANOTHER_PROGRAM,
        wait,
    )


def odd_answer(rpc: str, url: str, what: str) -> LiveKitError:
    """JSON that LiveKit does not give."""
    return LiveKitError("odd_answer", f"{rpc}: {url} answered {what}", rpc, _ANOTHER_PROGRAM)


def wants_tls(rpc: str, url: str) -> LiveKitError:
    return LiveKitError("tls", f"{rpc}: {url} speaks TLS and was asked without", rpc, "write https:// in url")


def _redirected(rpc: str, url: str, answer) -> LiveKitError:
    place = answer.headers.get("Location") or ""
    with contextlib.suppress(ValueError):
        place = urljoin(answer.url, place) if place else ""
    place = re.sub(r"//[^/@]*@", "//", without_token(place)).removesuffix(f"/twirp/livekit.SIP/{rpc}")
    return LiveKitError(
        "redirected",
        f"{rpc}: {url} answered HTTP {answer.status_code}, which "
        + (f"points to {place[:200]}" if place else "does not say where to"),
        rpc,
        "the token is not sent to another address: write the address of livekit-server itself in url",
    )


def _hint(code: str, message: str, answer, now: float) -> str:
    """What to do about an error of the server; empty if its message says all."""
    if "redis required" in message:
        return "livekit-server runs without Redis, where trunks and rules are stored: configure redis and restart it"
    if code == "bad_route":
        return "the server is too old for this RPC: updating needs livekit-server 1.9.0 or newer"
    if code == "resource_exhausted":
        return "the server limits requests: try again later"
    if code == "unavailable":
        return "livekit-server is starting, stopping or overloaded: look at its log, then run again"
    if code == "invalid_argument":
        return "change the option that the message names: the server does not take its value"
    if code == "malformed":
        return "a number or duration is too large, or a map has another shape than LiveKit's API takes: correct it"
    if code == "internal":
        return "look at livekit-server's log; often it does not reach its Redis"
    if code != "unauthenticated":
        return "livekit-server's log may say more"
    skew = _clock_skew(answer, now)
    if "not valid yet" in message or "expired" in message:
        return f"the clocks differ by {skew} s: set the time of both hosts with NTP"
    if "permissions denied" in message:
        return "the API key may not manage SIP: use a key pair from the server's own configuration"
    if "invalid API key" in message:
        return "the server does not know this api_key: compare it with the keys in livekit-server's configuration"
    if "signature" in message:
        return "the api_secret does not belong to the api_key"
    return "check api_key and api_secret"


def without_token(text: str) -> str:
    """livekit-server's 401 repeats the token that it was sent."""
    return re.sub(r"eyJ[\w-]*\.[\w-]*\.[\w-]*", "<token>", text)


def _wait(answer, now: float) -> float:
    """The seconds that the server asks to wait, 0 if it names none."""
    asked = answer.headers.get("Retry-After") if answer.status_code in (429, 503) else None
    try:
        seconds = float(asked) if re.fullmatch(r"[0-9]+", asked) else _timestamp(asked) - now
    except (TypeError, ValueError):
        return 0
    return max(seconds, 0)


def _clock_skew(answer, now: float) -> int:
    """Seconds between the server's clock and ours, 0 if it is not worth naming."""
    try:
        there = _timestamp(answer.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return 0
    skew = round(abs(there - now))
    return skew if skew > _CLOCK_SKEW_WORTH_NAMING else 0


def _timestamp(date: str) -> float:
    return parsedate_to_datetime(date).timestamp()
