# SPDX-License-Identifier: GPL-3.0-or-later
"""Play the recorded cases of livekit-server's SIP API on a server, in order.

The recording must match the real server's answers.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import requests

from tests.support.livekit import PATIENCE, Api, token

CASES = json.loads((Path(__file__).parent / "recordings" / "livekit-server-1.13.5.json").read_text(encoding="utf-8"))
NAMES = [case["case"] for case in CASES]
SIP = {"sip": {"admin": True}}
# Two objects conflict, and the message starts with the one whose id sorts later, which is random.
EITHER_WAY_ROUND = {"replace rule into a conflict", "update: add to a list"}
ID = re.compile(r"\b(?:ST|SDR)_\w{12}\b")


def play(server: Api) -> dict[str, tuple[int, dict | str]]:
    """Send every case, and return the status and body of each, with recorded ids."""
    ids: dict[str, str] = {}
    found = {}
    for case in CASES:
        live = {recorded: own for own, recorded in ids.items()}
        request = ID.sub(lambda match, live=live: live.get(match[0], match[0]), json.dumps(case["request"]))
        authorization = bearer(server, case["case"])
        answer = requests.post(
            f"{server.url}/twirp/livekit.SIP/{case['rpc']}",
            data=request,
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {authorization}"},
            timeout=PATIENCE,
        )
        try:
            body = answer.json()
        except ValueError:
            body = answer.text.strip().replace(authorization, "<token>")
        if answer.ok:
            learn(case["body"], body, ids)
        found[case["case"]] = answer.status_code, comparable(body, ids)
    return found


def assert_as_recorded(answers: dict[str, tuple[int, dict | str]], name: str) -> None:
    case = CASES[NAMES.index(name)]
    status, body = answers[name]
    recorded = comparable(case["body"], {})
    if name in EITHER_WAY_ROUND:
        body, recorded = ({**it, "msg": it["msg"].partition('"')[0]} for it in (body, recorded))
    assert (status, body) == (case["status"], recorded)


def bearer(server: Api, case: str) -> str:
    """The token of the case: a valid one, except in the cases about tokens. Some answers repeat the token."""
    key, secret, now = server.api_key, server.api_secret, int(time.time())
    special = {
        "token without the sip grant": lambda: token(key, secret, {}),
        "wrong secret (the answer repeats the token)": lambda: token(key, "not-the-secret", SIP),
        "unknown key": lambda: token("nokey", secret, SIP),
        "token not valid yet": lambda: token(key, secret, SIP, nbf=now + 300),
        "token expired": lambda: token(key, secret, SIP, exp=now - 300),
        "no token": lambda: "no-token",  # the recording sent a word that is not a token
    }
    return special.get(case, lambda: token(key, secret, SIP))()


def learn(recorded, live, ids: dict[str, str]) -> None:
    """Map the server's ids to the recorded ones, in `ids`."""
    if isinstance(recorded, dict) and isinstance(live, dict):
        for key in recorded.keys() & live.keys():
            learn(recorded[key], live[key], ids)
    elif isinstance(recorded, str) and isinstance(live, str) and ID.fullmatch(recorded) and ID.fullmatch(live):
        ids.setdefault(live, recorded)


def comparable(body, ids: dict[str, str]):
    """A body with recorded ids, and lists of objects in an order that does not depend on ids."""
    if isinstance(body, dict):
        if isinstance(body.get("items"), list):
            items = [comparable(item, ids) for item in body["items"]]
            return {**body, "items": sorted(items, key=json.dumps)}
        return {key: comparable(value, ids) for key, value in body.items()}
    if isinstance(body, list):
        return [comparable(item, ids) for item in body]
    return ID.sub(lambda match: ids.get(match[0], match[0]), body) if isinstance(body, str) else body
