# SPDX-License-Identifier: GPL-3.0-or-later
"""The error texts that each version of livekit-server returns for a bad token, and the modules' hints."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _client

from tests.support.livekit import ADMIN, token

OTHER_SECRET = "another-secret-another-secret-another"
NO_TOKEN_TOLD = "1.13.6"
# Defect in the token -> how the server's error text ends in all versions, and a word from the modules' hint
REASONS = {
    "secret": ("token signature is invalid: signature is invalid", "api_secret"),
    "early": ("token is not valid yet", "NTP"),
    "late": ("token is expired", "NTP"),
}


def refused(livekit, modules, monkeypatch, key="", secret="", seconds=0):
    """The server's status and text, and the failure of a module with the same key, secret and clock."""
    key, secret, now = key or livekit.api_key, secret or livekit.api_secret, time.time() + seconds
    bearer = token(key, secret, ADMIN, nbf=int(now), exp=int(now) + 600)
    monkeypatch.setattr(_client, "time", SimpleNamespace(time=lambda: now, monotonic=time.monotonic, sleep=time.sleep))
    modules.connection |= {"api_key": key, "api_secret": secret}
    answer = livekit.post(bearer, "SIP", "ListSIPInboundTrunk")
    failed = modules.trunk(name="t", numbers=["+12025550101"])
    assert failed["failure"]["code"] == "unauthenticated"
    assert bearer not in str(failed)
    assert "eyJ" not in str(failed)
    return (answer.status_code, answer.text), failed["failure"]


def test_an_unknown_key(livekit, modules, monkeypatch):
    answer, failure = refused(livekit, modules, monkeypatch, key="APInobody")
    assert answer == (401, "invalid API key" if livekit.has(NO_TOKEN_TOLD) else "invalid API key: APInobody")
    assert "does not know this api_key" in failure["hint"]


@pytest.mark.parametrize("reason", REASONS)
def test_a_token_that_is_not_taken(livekit, modules, monkeypatch, reason):
    wrong = {"secret": {"secret": OTHER_SECRET}, "early": {"seconds": 1000}, "late": {"seconds": -2000}}[reason]
    text, hint = REASONS[reason]
    (status, told), failure = refused(livekit, modules, monkeypatch, **wrong)
    assert status == 401
    start = r"invalid authorization token: " if livekit.has(NO_TOKEN_TOLD) else r"invalid token: eyJ\S+, error: "
    assert re.fullmatch(f"{start}(.*: )?{text}", told), told
    assert hint in failure["hint"]
    assert text in failure["message"]
