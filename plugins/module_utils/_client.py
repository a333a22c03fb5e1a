# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""LiveKit's SIP API: Twirp over HTTP. The only place that does HTTP.

Source: https://docs.livekit.io/sip/api/ and https://twitchtv.github.io/twirp/docs/spec_v7.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

try:
    import requests
except ImportError:
    requests = None  # type: ignore[assignment]  # the modules say so before they make a client

# livekit-server forgives 60 s of clock difference; a token that starts in the past forgives 30 s more.
_TOKEN_BACKDATED = 30
_TOKEN_LIFETIME = 600
_CLOCK_SKEW_WORTH_NAMING = 30
_RETRY_PAUSES = (0.2, 0.5, 1, 2, 4, 8, 16, 30)


class LiveKitError(Exception):
    """The server could not be asked, or said no.

    code: the Twirp error code, or unreachable, not_json, lost_answer, bad_url.
    """

    def __init__(self, code: str, message: str, rpc: str = "", hint: str = ""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.rpc = rpc
        self.hint = hint


class Client:
    """Calls RPCs of the service `livekit.SIP`.

    read_only: refuse every RPC that is not List... or Get..., so that a bug in check mode fails instead of writing.
    verify: whether to check the server's certificate, or the path of the CA bundle to check it with.
    timeout: seconds for one answer, and for all retries of one read together.
    """

    def __init__(self, url: str, api_key: str, api_secret: str, verify: bool | str, timeout: float, read_only: bool):
        self.url = http_url(url)
        self.api_key = api_key
        self.api_secret = api_secret
        self.timeout = timeout
        self.read_only = read_only
        self.session = requests.Session()
        # Without an own `auth`, requests puts a password from ~/.netrc in place of the token.
        self.session.auth = self._authorized
        # requests reads Location even if it does not follow it, and fails on a malformed one.
        self.session.get_redirect_target = lambda answer: None
        self.verify = verify
        self._token = ""
        self._token_ends = 0.0

    def call(self, rpc: str, body: dict) -> dict:
        """The JSON answer of one RPC.

        A read is repeated on connection errors and 5xx within `timeout`. A write never is: if its answer is lost,
        LiveKitError with the code lost_answer says that nobody knows whether it was done.
        """
        reads = _reads(rpc)
        if self.read_only and not reads:
            raise AssertionError(f"{rpc} would write in check mode")
        deadline = time.monotonic() + self.timeout
        for pause in _RETRY_PAUSES:
            try:
                return self._post(rpc, body)
            except LiveKitError as error:
                passing = error.code in ("unreachable", "unavailable", "not_json_5xx", "internal")
                if not reads or not passing or "redis required" in error.message:
                    raise
                if time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
        return self._post(rpc, body)

    def _post(self, rpc: str, body: dict) -> dict:
        try:
            answer = self.session.post(
                f"{self.url}/twirp/livekit.SIP/{rpc}",
                data=json.dumps(body),
                headers={"Content-Type": "application/json"},
                timeout=self.timeout,
                # With each request: the environment's CA bundle would outrank the session's.
                verify=self.verify,
                allow_redirects=False,
            )
        except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError) as error:
            raise self._unreachable(rpc, error) from error
        except requests.exceptions.ConnectionError as error:
            if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
                raise self._unreachable(rpc, error) from error
            raise self._lost(rpc, error) from error
        except (requests.exceptions.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise self._lost(rpc, error) from error
        except requests.exceptions.RequestException as error:
            raise LiveKitError("bad_url", f"{self.url} cannot be asked: {_without_token(str(error))}", rpc) from error
        return self._decoded(rpc, answer)

    def _decoded(self, rpc: str, answer) -> dict:
        try:
            content = answer.json()
        except (ValueError, RecursionError):
            content = None
        if answer.status_code == 200 and isinstance(content, dict):
            return content
        if isinstance(content, dict) and "code" in content:
            code, message = str(content["code"]), _without_token(str(content.get("msg") or ""))
            raise LiveKitError(code, f"{rpc}: {message} ({code})", rpc, _hint(code, message, answer))
        text = _without_token(answer.text.strip())
        if answer.status_code == 401:
            hint = _hint("unauthenticated", text, answer)
            raise LiveKitError("unauthenticated", f"{rpc}: {text[:200]}", rpc, hint)
        if answer.status_code == 429:
            code = "resource_exhausted"
            raise LiveKitError(code, f"{rpc}: too many requests (HTTP 429)", rpc, _hint(code, "", answer))
        raise LiveKitError(
            "not_json_5xx" if answer.status_code >= 500 else "not_json",
            f"{rpc}: {self.url} answered HTTP {answer.status_code}, and not in LiveKit's JSON: {text[:120]!r}",
            rpc,
            "a proxy or another program answers there: check the url; livekit-server itself listens on port 7880",
        )

    def _unreachable(self, rpc: str, error: Exception) -> LiveKitError:
        return LiveKitError(
            "unreachable",
            f"{rpc}: {self.url} cannot be reached: {_reason(error)}",
            rpc,
            "is livekit-server running, is the url right, and does the firewall let this host in?"
            + (f" If it is only slow: timeout is {self.timeout} s" if isinstance(error, requests.Timeout) else ""),
        )

    def _lost(self, rpc: str, error: Exception) -> LiveKitError:
        if _reads(rpc):
            return self._unreachable(rpc, error)
        return LiveKitError(
            "lost_answer",
            f"{rpc}: the connection to {self.url} broke before the answer came: {_reason(error)}",
            rpc,
            "nobody knows whether the server carried it out: run again, which looks first",
        )

    def _authorized(self, request):
        request.headers["Authorization"] = f"Bearer {self._fresh_token()}"
        return request

    def _fresh_token(self) -> str:
        if time.time() > self._token_ends - _TOKEN_LIFETIME / 2:
            now = int(time.time())
            self._token_ends = now + _TOKEN_LIFETIME
            self._token = token(self.api_key, self.api_secret, now - _TOKEN_BACKDATED, now + _TOKEN_LIFETIME)
        return self._token


def _reads(rpc: str) -> bool:
    return rpc.startswith(("List", "Get"))


def _hint(code: str, message: str, answer) -> str:
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
    if code == "internal":
        return "look at livekit-server's log; often it does not reach its Redis"
    if code != "unauthenticated":
        return "livekit-server's log may say more"
    skew = _clock_skew(answer)
    if "not valid yet" in message or "expired" in message:
        return f"the clocks differ by {skew} s: set the time of both hosts with NTP"
    if "permissions denied" in message:
        return "the API key may not manage SIP: use a key pair from the server's own configuration"
    if "invalid API key" in message:
        return "the server does not know this api_key: compare it with the keys in livekit-server's configuration"
    if "signature" in message:
        return "the api_secret does not belong to the api_key"
    return "check api_key and api_secret"


def _without_token(text: str) -> str:
    """livekit-server's 401 repeats the token that it was sent."""
    return re.sub(r"eyJ[\w-]*\.[\w-]*\.[\w-]*", "<token>", text)


def token(api_key: str, api_secret: str, not_before: int, expires: int) -> str:
    """A JWT (HS256) that may manage SIP trunks and dispatch rules, and nothing else. Times in Unix seconds."""
    claims = {"iss": api_key, "sub": "ansible", "nbf": not_before, "exp": expires, "sip": {"admin": True}}
    signed = b".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.new(api_secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + _base64url(signature)).decode()


def http_url(url: str) -> str:
    """The base URL of the API; ws:// and wss:// are what LiveKit's clients use for the same server."""
    hint = "write it like http://127.0.0.1:7880"
    if "@" in url:
        raise LiveKitError("bad_url", "url must not have a user name or password in it", "", hint)
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        valid = parts.hostname and parts.port != 0
    except ValueError:
        raise LiveKitError("bad_url", f"{url!r} is not the URL of a LiveKit server", "", hint) from None
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    if scheme not in ("http", "https") or not valid:
        raise LiveKitError("bad_url", f"{url!r} is not the URL of a LiveKit server", "", hint)
    return parts._replace(scheme=scheme).geturl().rstrip("/")


def sends_in_clear(url: str) -> bool:
    """Whether tokens and trunk passwords would cross a network unencrypted."""
    parts = urlsplit(http_url(url))
    local = parts.hostname in ("localhost", "::1") or parts.hostname.startswith("127.")
    return parts.scheme == "http" and not local


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _clock_skew(answer) -> int:
    """Seconds between the server's clock and ours, 0 if it is not worth naming."""
    try:
        there = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return 0
    skew = round(abs(there - time.time()))
    return skew if skew > _CLOCK_SKEW_WORTH_NAMING else 0


def _reason(error: BaseException) -> str:
    """The innermost reason in requests' nested exceptions, such as "Connection refused"."""
    text = str(error)
    found = re.findall(r"\[Errno -?\d+\] ([^'\")]+)", text)
    return found[-1] if found else text.rsplit("(Caused by ", maxsplit=1)[-1][:200]
