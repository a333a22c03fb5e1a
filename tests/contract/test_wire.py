# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stand-in for livekit-sip answers on the wire, against the recording of the real one.

Each case has its own Redis, livekit-server and stand-in, and many are played at once: most of the time is
waiting for the next 180.
"""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tests.images import build
from tests.support.caller import Answer, Caller, digest
from tests.support.livekit import LiveKit
from tests.support.stand_in import StandIn

pytestmark = pytest.mark.xdist_group("wire")

RECORDED = json.loads((Path(__file__).parent / "recordings" / "livekit-sip-1.10.0-wire.json").read_text())
CASES = {case["case"]: case for case in RECORDED}

ANSWERED = "the call is answered once an agent publishes audio; the stand-in answers no call yet"
PIN = "the call is answered to ask for the PIN; the stand-in has no voice"
LEFT_OUT = {
    "INVITE matched, a worker publishes audio, then BYE, UDP": ANSWERED,
    "INVITE matched, a worker publishes audio, then BYE, TCP": ANSWERED,
    "INVITE matched, a worker joins but publishes nothing": "needs an agent worker in the room",
    "rule with a PIN, no worker, no digits sent": PIN,
    "rule with a PIN, worker ready, no digits sent": PIN,
    "RTP/SAVP offer, trunk media.encryption unset": ANSWERED,
    "RTP/SAVP offer, trunk media.encryption ALLOW": ANSWERED,
    "RTP/SAVP offer, trunk media.encryption REQUIRE": ANSWERED,
    "hide_phone_number": ANSWERED + " (room and names: test_stand_in.py)",
    "max_call_duration 5 s, worker answers": ANSWERED,
    "listen_ip ::1, trunk allows ::1/128, a worker publishes audio": ANSWERED,
    "livekit-sip draining: SIGTERM with one call up": ANSWERED + " (while ringing: test_stand_in.py)",
    "livekit-server draining: SIGTERM with one call up": ANSWERED,
}
PLAYED = [name for name in CASES if name not in LEFT_OUT]

# The headers that the recording looked at.
HEADERS = ["Allow", "Proxy-Authenticate", "Retry-After"]
ATTRIBUTES = ["sip.callStatus", "sip.hostname", "sip.phoneNumber", "sip.trunkPhoneNumber"]
AT_ONCE = 0.5  # an answer this much earlier or later than recorded came at another time


@dataclass
class Played:
    answers: list[list[Answer]] = field(default_factory=list)  # a list for each step
    rooms: list[list[dict]] = field(default_factory=list)  # every look at the rooms
    health: str = ""
    api: str = ""


def test_every_recorded_case_is_played_or_left_out_with_a_reason():
    assert len(RECORDED) == len(CASES) == 53
    assert LEFT_OUT.keys() <= CASES.keys()
    assert sorted([*PLAYED, *LEFT_OUT]) == sorted(CASES)


@pytest.fixture(scope="module")
def played(request):
    """The future of every case that this run is about."""
    wanted = [item.callspec.params["name"] for item in request.session.items if item.originalname == test_wire.__name__]
    for name in ("livekit-server", "livekit-sip"):
        build.binary(name)
    with ThreadPoolExecutor(max_workers=8) as pool:
        longest_first = sorted(wanted, key=lambda name: -max(map(window, range(9), 9 * [CASES[name]["steps"]])))
        yield {name: pool.submit(play, CASES[name]) for name in longest_first}


@pytest.mark.parametrize("name", PLAYED)
def test_wire(played, name):
    case = CASES[name]
    try:
        compare(case, played[name].result())
    except AssertionError:
        # Many calls at once on a busy machine: an answer may be late. What is wrong is wrong again.
        compare(case, play(case))


def compare(case: dict, live: Played) -> None:
    for number, (step, answers) in enumerate(zip(case["steps"], live.answers, strict=True), 1):
        where = f"step {number}, {step['send']['method']}"
        told = [(answer.method, answer.status, headers(answer)) for answer in answers]
        recorded = [(one["for"], one["status"], one.get("headers", {})) for one in step["answers"]]
        assert told == recorded, where
        for one, answer in zip(step["answers"], answers, strict=True):
            assert answer.seconds == pytest.approx(one["ms"] / 1000, abs=AT_ONCE), f"{where}: {answer.status}"
        assert len({answer.headers["To"] for answer in answers if answer.method == "INVITE"}) <= 1, "one To tag a call"
    assert live.health == case["health"]
    if case.get("api"):
        assert live.api == case["api"]
    elif case["room_appeared"] and window(0, case["steps"]) < 1:
        # The caller gives up so soon that on a busy machine the audio track is not there yet.
        assert without_tracks(case["rooms"]) in map(without_tracks, live.rooms)
    elif case["room_appeared"]:
        assert case["rooms"] in live.rooms
    else:
        assert not any(live.rooms)


def without_tracks(rooms: list[dict]) -> list[dict]:
    return [{**room, "participants": [{**one, "publishes": None} for one in room["participants"]]} for room in rooms]


def headers(answer: Answer) -> dict[str, str]:
    """What the recording tells of an answer's headers."""
    found = {name: answer.headers[name] for name in HEADERS if name in answer.headers}
    if "Proxy-Authenticate" in found:
        found["Proxy-Authenticate"] = re.sub('nonce="[^"]+"', 'nonce="<nonce>"', found["Proxy-Authenticate"])
    if contact := re.match(r"<sip:(?:[^@>]*@)?([^:;>]+):\d+;transport=(\w+)>$", answer.headers.get("Contact", "")):
        found |= {"Contact host": contact[1], "Contact transport": contact[2]}
    elif "Contact" in answer.headers:
        found["Contact"] = answer.headers["Contact"]
    return found


# --- Playing a case -------------------------------------------------------------------------------------------------


def play(case: dict) -> Played:
    result, setup = Played(), case["setup"]
    with LiveKit() as livekit, StandIn(livekit, setup.get("sip_config")) as stand_in:
        store(livekit, setup["api"])
        break_as_recorded(livekit, setup)
        first = case["steps"][0]["send"]
        over = threading.Event()
        watcher = threading.Thread(target=watch, args=(livekit, over, result))
        if case.get("room_appeared") is not None and not case.get("api"):
            watcher.start()
        with Caller(stand_in.port, first["transport"], first["source"]) as caller:
            for number, step in enumerate(case["steps"]):
                send(caller, case, step["send"], result.answers)
                result.answers.append(caller.listen(window(number, case["steps"])))
        over.set()
        if watcher.ident:
            watcher.join()
        result.health, result.api = stand_in.health(), api(livekit)
    return result


def store(livekit: LiveKit, calls: list[dict]) -> None:
    """Make the recorded trunks and rules; $trunk1 is the id of the first trunk."""
    trunks: list[str] = []
    for call in calls:
        body = re.sub(r"\$trunk(\d+)", lambda match: trunks[int(match[1]) - 1], json.dumps(call["body"]))
        status, answer = livekit.twirp("SIP", call["rpc"], json.loads(body))
        assert status == call["status"], answer
        if call["rpc"] == "CreateSIPInboundTrunk":
            trunks.append(answer["sip_trunk_id"])


def break_as_recorded(livekit: LiveKit, setup: dict) -> None:
    if setup.get("livekit_server") == "stopped":
        livekit.stop_server()
    if redis := setup.get("redis"):
        livekit.stop_redis()
        if redis != "stopped":  # started again, empty, 4 s earlier; trunk and rule written again
            livekit.start_redis()
            threading.Event().wait(4)
            store(livekit, setup["api"])


def send(caller: Caller, case: dict, send: dict, before: list[list[Answer]]) -> None:
    match send:
        case {"note": "the same bytes again, same branch"}:
            caller.send_again()
        case {"method": "CANCEL"}:
            caller.cancel()
        case {"method": "none", "body": body}:
            caller.socket.sendall(body.encode())
        case _:
            extra = dict(send["headers"])
            if "Proxy-Authorization" in extra:
                challenge = before[-1][-1].headers["Proxy-Authenticate"]
                password = "wrong" if "wrong password" in case["case"] else "not-a-secret"
                extra["Proxy-Authorization"] = digest(challenge, send["request_uri"], "user", password)
            caller.send(send["method"], send["request_uri"], send["from"], send["to"], send["body"], extra)


def window(number: int, steps: list[dict]) -> float:
    """How long to listen after a request: past the last recorded answer, but not until the next 180."""
    if number >= len(steps):
        return 0
    answers = steps[number]["answers"]
    last = answers[-1]["ms"] / 1000 if answers else 0
    final = bool(answers) and answers[-1]["status"][0] != "1"
    rings_on = number + 1 < len(steps) and steps[number + 1]["answers"]
    if rings_on and not final:
        return max(0.8, last + 0.5)  # long enough for the room, also where the caller gives up after the first 180
    return last + (0.5 if final else 1.6)


def watch(livekit: LiveKit, over: threading.Event, result: Played) -> None:
    while not over.wait(0.1):
        result.rooms.append([room(livekit, one["name"]) for one in rooms(livekit)])


def rooms(livekit: LiveKit) -> list[dict]:
    return livekit.twirp("RoomService", "ListRooms")[1]["rooms"]


def room(livekit: LiveKit, name: str) -> dict:
    """A room and who is in it, as the recording tells it."""
    grants = {"video": {"roomAdmin": True, "room": name}}
    participants = livekit.twirp("RoomService", "ListParticipants", {"room": name}, grants)[1]["participants"]
    return {
        "name": re.sub(r"_\w{12}$", "_<12 random>", name) if "+" in name and name.count("_") > 1 else name,
        "participants": [
            {
                "identity": one["identity"],
                "name": one["name"],
                "kind": one["kind"],
                "publishes": [track["type"] for track in one["tracks"]],
                "attributes": {key: one["attributes"][key] for key in ATTRIBUTES if key in one["attributes"]},
            }
            for one in participants
        ],
    }


def api(livekit: LiveKit) -> str:
    try:
        return f"ListSIPInboundTrunk answers HTTP {livekit.twirp('SIP', 'ListSIPInboundTrunk')[0]}"
    except requests.ConnectionError:
        return "not reachable"
