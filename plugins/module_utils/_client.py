# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""LiveKit's SIP API, which is Twirp over HTTP. No other code in the SIP modules uses HTTP.

Source: https://docs.livekit.io/sip/api/ and https://twitchtv.github.io/twirp/docs/spec_v7.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from itertools import chain, repeat

try:
    import requests
except ImportError:
    requests = None  # type: ignore[assignment]  # the modules report this before they create a client

from ._answers import LiveKitError, decoded, failure, wants_tls, without_token
from ._connection import http_url
from ._tls import speaks_tls, tls_error

# livekit-server tolerates a clock difference of 60 s; backdating the token allows another 30 s.
_TOKEN_BACKDATED = 30
_TOKEN_LIFETIME = 600
_RETRY_PAUSES = (0.2, 0.5, 1, 2, 4, 8, 16, 30)


class Client:
    """Calls RPCs of the service `livekit.SIP`.

    read_only: refuse every RPC except List... and Get..., so that a bug in check mode causes an error, not a write.
    verify: whether to check the server's certificate, or the path to the CA bundle for this check.
    timeout: maximum number of seconds for one response, and for all retries of one read together.
    """

    def __init__(self, url: str, api_key: str, api_secret: str, verify: bool | str, timeout: float, read_only: bool):
        self.url = http_url(url)
        self.api_key = api_key
        self.api_secret = api_secret
        self.timeout = timeout
        self.read_only = read_only
        self.session = requests.Session()
        # Without its own `auth`, requests replaces the token with a password from ~/.netrc.
        self.session.auth = self._authorized
        # Read only once, because requests would read the environment again for each request.
        self.session.proxies = requests.utils.get_environ_proxies(self.url)
        self.session.trust_env = False
        # requests parses Location even if it does not follow redirects, and fails if the URL is malformed.
        self.session.get_redirect_target = lambda answer: None
        self.verify = verify
        self._answered = False
        self._token = ""
        self._token_ends = 0.0

    def call(self, rpc: str, body: dict) -> dict:
        """The JSON response of one RPC.

        A read is repeated within `timeout` after connection errors and 5xx responses. A write is not: if its answer is
        lost, LiveKitError has the code lost_answer, because it is unknown whether the write was applied. After a 429,
        which means that nothing was changed, both reads and writes are repeated. Retry-After is respected.
        """
        reads = _reads(rpc)
        if self.read_only and not reads:
            raise AssertionError(f"{rpc} would write in check mode")
        deadline = time.monotonic() + self.timeout
        for pause in chain(_RETRY_PAUSES, repeat(_RETRY_PAUSES[-1])):
            try:
                return self._post(rpc, body)
            except LiveKitError as error:
                pause = error.wait or pause
                if time.monotonic() + pause > deadline:
                    if error.wait:
                        limit = f"but timeout is {self.timeout} s"
                        error.message += f". The server asks to wait {error.wait:.0f} s, {limit}"
                    raise
                if error.code == "resource_exhausted" or reads and _passes(error):
                    time.sleep(pause)
                    continue
                if error.wait:
                    # The table is read next, so wait here as long as the server requests.
                    time.sleep(pause)
                raise
        raise AssertionError("the pauses have no end")

    def _post(self, rpc: str, body: dict) -> dict:
        data = json.dumps(body)
        try:
            answer = self.session.post(
                f"{self.url}/twirp/livekit.SIP/{rpc}",
                data=data,
                headers={"Content-Type": "application/json"},
                timeout=self.timeout,
                # Passed with each request, because the environment's CA bundle would override the session's.
                verify=self.verify,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise tls_error(rpc, self.url, error) or self._lost(rpc, error) from error
        except requests.exceptions.ConnectTimeout as error:
            raise self._unreachable(rpc, error) from error
        except requests.exceptions.ConnectionError as error:
            if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
                raise self._unreachable(rpc, error) from error
            if not self._answered and self.url.startswith("http://") and speaks_tls(self.url, self.timeout):
                raise wants_tls(rpc, self.url) from error
            raise self._lost(rpc, error) from error
        except (requests.exceptions.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise self._lost(rpc, error) from error
        except (requests.exceptions.RequestException, OSError, ValueError) as error:
            # Errors that requests does not wrap: an invalid host name, or CA certificates that were deleted after
            # they had been checked.
            reason = f"the request cannot be sent: {without_token(str(error))}"
            raise failure("bad_url", rpc, url=self.url, reason=reason) from error
        self._answered = True
        return decoded(rpc, self.url, answer, time.time())

    def _unreachable(self, rpc: str, error: Exception) -> LiveKitError:
        name = "unreachable_slow" if isinstance(error, requests.Timeout) else "unreachable"
        return failure(name, rpc, url=self.url, reason=_reason(error), timeout=self.timeout)

    def _lost(self, rpc: str, error: Exception) -> LiveKitError:
        if _reads(rpc):
            return self._unreachable(rpc, error)
        return failure("lost_answer", rpc, url=self.url, reason=_reason(error))

    def _authorized(self, request):
        request.headers["Authorization"] = f"Bearer {self._fresh_token()}"
        return request

    def _fresh_token(self) -> str:
        if time.time() > self._token_ends - _TOKEN_LIFETIME / 2:
            now = int(time.time())
            self._token_ends = now + _TOKEN_LIFETIME
            self._token = token(self.api_key, self.api_secret, now - _TOKEN_BACKDATED, now + _TOKEN_LIFETIME)
        return self._token


def _passes(error: LiveKitError) -> bool:
    passing = error.code in ("unreachable", "unavailable", "not_json_5xx", "internal")
    return passing and "redis required" not in error.message


def _reads(rpc: str) -> bool:
    return rpc.startswith(("List", "Get"))


def token(api_key: str, api_secret: str, not_before: int, expires: int) -> str:
    """A JWT (HS256) that allows managing SIP trunks and dispatch rules, and nothing else. Times are in Unix seconds."""
    claims = {"iss": api_key, "sub": "ansible", "nbf": not_before, "exp": expires, "sip": {"admin": True}}
    signed = b".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.new(api_secret.encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + _base64url(signature)).decode()


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _reason(error: BaseException) -> str:
    """The innermost reason in requests' nested exceptions, such as "Connection refused"."""
    text = str(error)
    found = re.findall(r"\[Errno -?\d+\] ([^'\")]+)", text)
    return found[-1] if found else text.rsplit("(Caused by ", maxsplit=1)[-1][:200]
