# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded API cases, played in their order against the real livekit-server.

What the modules' double knows comes from the recording, so the recording must be what the server does.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import requests

from tests.support.livekit import LiveKit, token

CASES = json.loads((Path(__file__).parent / "recordings" / "livekit-server-1.13.5.json").read_text())
SIP = {"sip": {"admin": True}}
# Two objects conflict, and the message tells it from the side of the one whose id sorts later: chance.
EITHER_WAY_ROUND = {"replace rule into a conflict", "update: add to a list"}
ID = re.compile(r"\b(?:ST|SDR)_\w{12}\b")


def bearer(livekit: LiveKit, case: str) -> str:
    """The token of the case: a good one, but for the cases about tokens. Also what the answer may repeat of it."""
    key, secret, now = livekit.api_key, livekit.api_secret, int(time.time())
    special = {
        "token without the sip grant": lambda: token(key, secret, {}),
        "wrong secret (the answer repeats the token)": lambda: token(key, "not-the-secret", SIP),
        "unknown key": lambda: token("nokey", secret, SIP),
        "token not valid yet": lambda: token(key, secret, SIP, nbf=now + 300),
        "token expired": lambda: token(key, secret, SIP, exp=now - 300),
        "no token": lambda: "no-token",  # recorded with a word that is no token
    }
    return special.get(case, lambda: token(key, secret, SIP))()


def learn(recorded, live, ids: dict[str, str]) -> None:
    """Note which of the server's ids stands for which recorded one."""
    if isinstance(recorded, dict) and isinstance(live, dict):
        for key in recorded.keys() & live.keys():
            learn(recorded[key], live[key], ids)
    elif isinstance(recorded, str) and isinstance(live, str) and ID.fullmatch(recorded) and ID.fullmatch(live):
        ids.setdefault(live, recorded)


def comparable(body, ids: dict[str, str]):
    """A body with recorded ids, and lists of objects in an order that does not hang on ids."""
    if isinstance(body, dict):
        if isinstance(body.get("items"), list):
            items = [comparable(item, ids) for item in body["items"]]
            return {**body, "items": sorted(items, key=json.dumps)}
        return {key: comparable(value, ids) for key, value in body.items()}
    if isinstance(body, list):
        return [comparable(item, ids) for item in body]
    return ID.sub(lambda match: ids.get(match[0], match[0]), body) if isinstance(body, str) else body


@pytest.fixture(scope="module")
def answers():
    """Status and body of every case, in terms of the recorded ids."""
    ids: dict[str, str] = {}
    found = {}
    with LiveKit() as livekit:
        for case in CASES:
            live = {recorded: own for own, recorded in ids.items()}
            request = ID.sub(lambda match, live=live: live.get(match[0], match[0]), json.dumps(case["request"]))
            authorization = bearer(livekit, case["case"])
            answer = requests.post(
                f"{livekit.url}/twirp/livekit.SIP/{case['rpc']}",
                data=request,
                headers={"Content-Type": "application/json", "Authorization": f"Bearer {authorization}"},
                timeout=10,
            )
            try:
                body = answer.json()
            except ValueError:
                body = answer.text.strip().replace(authorization, "<token>")
            if answer.ok:
                learn(case["body"], body, ids)
            found[case["case"]] = answer.status_code, comparable(body, ids)
    return found


def test_recording_is_whole():
    assert len(CASES) == len({case["case"] for case in CASES}) == 53


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_server_answers_as_recorded(answers, case):
    status, body = answers[case["case"]]
    recorded = comparable(case["body"], {})
    if case["case"] in EITHER_WAY_ROUND:
        body["msg"], recorded["msg"] = (text.partition('"')[0] for text in (body["msg"], recorded["msg"]))
    assert (status, body) == (case["status"], recorded)
