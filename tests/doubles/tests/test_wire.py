# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the SIP messages of the stand-in for livekit-sip with the recording of the real one.

Each case has its own Redis, livekit-server and stand-in. Many cases run in parallel, because they mostly wait for the
next 180. The cases with an agent run one by one and share a livekit-server and one real worker process.
"""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import requests

from tests.images import build
from tests.support.agents import BOTH_OF_THE_RECORDING, Agent
from tests.support.caller import Answer, Caller, digest
from tests.support.livekit import LiveKit
from tests.support.stand_in import StandIn

RECORDED = json.loads((Path(__file__).parents[1] / "recordings" / "livekit-sip-1.10.0-wire.json").read_text())
CASES = {case["case"]: case for case in RECORDED}
# The case that stops livekit-server comes last.
WITH_AGENTS = sorted(
    (case for case in RECORDED if case["setup"].get("workers")), key=lambda case: "livekit-server" in case["case"]
)

# The headers that the recording contains.
HEADERS = ["Allow", "Proxy-Authenticate", "Retry-After"]
ATTRIBUTES = ["sip.callStatus", "sip.hostname", "sip.phoneNumber", "sip.trunkPhoneNumber"]
EARLY = 0.3  # seconds by which an answer may come earlier than recorded
PATIENCE = 120  # seconds; a busy machine is slow, but only a defect takes this long
REPEATED = "the same bytes again, same branch"
QUIET = 1.6  # seconds after the last recorded answer, long enough for another 180
FINAL_QUIET = 0.5


@dataclass
class Played:
    answers: list[list[Answer]] = field(default_factory=list)  # a list for each step
    rooms: list[list[dict]] = field(default_factory=list)  # one list for each poll of the rooms
    health: list[str] = field(default_factory=list)
    exit_codes: list[int | None] = field(default_factory=list)
    rtp_heard: bool = False
    api: str = ""


def test_the_recording_is_whole():
    assert len(RECORDED) == len(CASES) == 53


@pytest.fixture(scope="module")
def played(request):
    """The future of every case that this run has selected."""
    wanted = [item.callspec.params["name"] for item in request.session.items if item.originalname == test_wire.__name__]
    alone = [CASES[name] for name in wanted if not CASES[name]["setup"].get("workers")]
    with_agents = [case for case in WITH_AGENTS if case["case"] in wanted]
    for name in ("livekit-server", "livekit-sip"):
        build.binary(name)
    with ThreadPoolExecutor(max_workers=8) as many, ThreadPoolExecutor(max_workers=1) as one, ExitStack() as shared:
        longest_first = sorted(alone, key=lambda case: -sum(map(lasts, case["steps"])))
        futures = {case["case"]: many.submit(play_alone, case) for case in longest_first}
        if with_agents:
            livekit = shared.enter_context(LiveKit())
            shared.enter_context(Agent(livekit, BOTH_OF_THE_RECORDING, names=("voice-agent", "silent-agent")))
            futures |= {case["case"]: one.submit(play, case, livekit) for case in with_agents}
        yield futures
        one.shutdown()


@pytest.mark.parametrize("name", CASES)
def test_wire(played, name):
    compare(CASES[name], played[name].result())


def compare(case: dict, live: Played) -> None:
    for number, (step, answers) in enumerate(zip(case["steps"], live.answers, strict=True), 1):
        where = f"step {number}, {step.get('event') or step['send']['method']}"
        assert list(map(as_recorded, answers)) == list(map(recorded, step["answers"])), where
        for one, answer in zip(step["answers"], answers, strict=True):
            difference = answer.seconds - one["ms"] / 1000
            assert -EARLY < difference < PATIENCE, f"{where}: {answer.status} {difference:.2f} s late"
        assert len({answer.headers["To"] for answer in answers if answer.method == "INVITE"}) <= 1, "one To tag a call"
    assert live.health == ([step["health"] for step in case["steps"] if "health" in step] or [case["health"]])
    assert live.exit_codes == [step["exit_code"] for step in case["steps"] if "exit_code" in step]
    if case.get("rtp_heard") is not None:
        assert live.rtp_heard == case["rtp_heard"]
    if case.get("api"):
        assert live.api == case["api"]
    elif case["room_appeared"]:
        assert rooms_were_as_recorded(case, live)
    else:
        assert not any(live.rooms)


def recorded(one: dict) -> tuple:
    if "request_from_livekit_sip" in one:
        return (one["request_from_livekit_sip"],)
    return one["for"], one["status"], one.get("headers", {}), one.get("sdp")


def as_recorded(answer: Answer) -> tuple:
    if not answer.status:
        return (answer.method,)
    return answer.method, answer.status, headers(answer), sdp(answer.body)


def sdp(body: str) -> dict | None:
    """The parts of the SDP in a 200 that the recording contains."""
    if not body:
        return None
    lines = body.splitlines()
    return {
        "m": [re.sub(r"^(m=audio) \d+", r"\1 <port>", line) for line in lines if line.startswith("m=")],
        "c": [line for line in lines if line.startswith("c=")],
        "codecs": [line.split()[1] for line in lines if line.startswith("a=rtpmap:")],
        "crypto": any(line.startswith("a=crypto:") for line in lines),
    }


def headers(answer: Answer) -> dict[str, str]:
    """The headers of an answer that the recording contains."""
    found = {name: answer.headers[name] for name in HEADERS if name in answer.headers}
    if "Proxy-Authenticate" in found:
        found["Proxy-Authenticate"] = re.sub('nonce="[^"]+"', 'nonce="<nonce>"', found["Proxy-Authenticate"])
    if contact := re.match(r"<sip:(?:[^@>]*@)?([^:;>]+):\d+;transport=(\w+)>$", answer.headers.get("Contact", "")):
        found |= {"Contact host": contact[1], "Contact transport": contact[2]}
    elif "Contact" in answer.headers:
        found["Contact"] = answer.headers["Contact"]
    return found


# --- Playing a case -------------------------------------------------------------------------------------------------


def play_alone(case: dict) -> Played:
    with LiveKit() as livekit:
        return play(case, livekit)


def play(case: dict, livekit: LiveKit) -> Played:
    result, setup = Played(), case["setup"]
    livekit.flush()
    with StandIn(livekit, setup.get("sip_config")) as stand_in, ExitStack() as calls:
        store(livekit, setup["api"])
        break_as_recorded(livekit, setup)
        over = threading.Event()
        watcher = None
        if case.get("room_appeared") is not None and not case.get("api"):
            # List the rooms here: on a busy machine, the room of the call may exist before the thread starts.
            watcher = threading.Thread(target=watch, args=(livekit, rooms(livekit), over, result))
            watcher.start()
        up: list[Caller] = []
        last = max(number for number, step in enumerate(case["steps"]) if "send" in step)
        for number, step in enumerate(case["steps"]):
            if 0 < number == last:
                as_far_as_recorded(case, result, up)
            if "event" in step:
                happen(step, livekit, stand_in, result)
                result.answers.append([])
                continue
            caller = who(case, step["send"], up, lambda: calls.enter_context(new_caller(stand_in, case)))
            before = caller.sent
            send(caller, case, step["send"], result.answers)
            answers = listen(caller, case, number)
            if step["send"].get("note") == REPEATED:
                # The first INVITE's call still rings: the later the INVITE is repeated, the sooner a ring follows.
                late = caller.sent - before - lasts(case["steps"][number - 1]) / 1000
                answers = [replace(answer, seconds=answer.seconds + late) for answer in answers]
            result.answers.append(answers)
        as_far_as_recorded(case, result, up)
        over.set()
        if watcher:
            watcher.join()
        if not result.health:
            result.health, result.api = [stand_in.health()], api(livekit)
    return result


def new_caller(stand_in: StandIn, case: dict) -> Caller:
    first = case["steps"][0]["send"]
    return Caller(stand_in.port, first["transport"], first["source"])


def who(case: dict, send: dict, up: list[Caller], new) -> Caller:
    """The caller that sends this: the last one whose call is up. Two of the cases have two calls and a bystander."""
    if send["method"] in ("INVITE", "OPTIONS") and (not up or "draining" in case["case"]):
        caller = new()
        if send["method"] == "INVITE" or "draining" not in case["case"]:
            up.append(caller)
        return caller
    if not up:
        up.append(new())
    return ([caller for caller in up if caller.answer] or up)[-1]


def as_far_as_recorded(case: dict, result: Played, up: list[Caller]) -> None:
    """Wait until the rooms are as recorded and audio is heard, if the recording has them."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result.rtp_heard = result.rtp_heard or any(caller.audio() for caller in up)
        rooms_seen = not case["room_appeared"] or case.get("api") or rooms_were_as_recorded(case, result)
        if rooms_seen and result.rtp_heard >= bool(case.get("rtp_heard")):
            return
        time.sleep(0.05)


def happen(step: dict, livekit: LiveKit, stand_in: StandIn, result: Played) -> None:
    if step["event"] == "SIGTERM to livekit-sip":
        stand_in.running.terminate()
    if step["event"] == "SIGTERM to livekit-server":
        livekit.server_process.terminate()
        time.sleep(0.2)
    if step["event"] == "after the last call ended":
        result.exit_codes.append(stand_in.running.process.wait(timeout=PATIENCE))
    if step["event"] == "livekit-server afterwards":
        time.sleep(2)  # the recording waited for 8 s
        running = livekit.server_process.process.poll() is None
        result.exit_codes.append("still running 8 s after the calls ended" if running else 0)
    if "health" in step:
        end = time.monotonic() + PATIENCE
        while (health := stand_in.health()) != step["health"] and time.monotonic() < end:
            time.sleep(0.05)
        result.health.append(health)


def listen(caller: Caller, case: dict, number: int) -> list[Answer]:
    """Wait for as many answers as were recorded, and then long enough to notice one more."""
    step, following = case["steps"][number], case["steps"][number + 1 : number + 2]
    wanted = step["answers"]
    heard: list[Answer] = []
    if wanted:
        longest = wanted[-1]["ms"] / 1000 + PATIENCE
        heard = caller.listen(longest, lambda answers: len(without_more_rings(step, answers)) >= len(wanted))
    final = bool(wanted) and wanted[-1].get("status", "2")[0] != "1"
    rings_on = wanted and not final and following and following[0]["answers"]
    if not rings_on:
        heard += caller.listen(FINAL_QUIET if final else QUIET)
    return without_more_rings(step, heard)


def without_more_rings(step: dict, answers: list[Answer]) -> list[Answer]:
    """Remove repeated rings: until an agent answers or the CANCEL arrives, their number is random."""
    statuses = [one.get("status") for one in step["answers"]]
    if step["send"]["method"] == "CANCEL" and statuses:
        return [answer for answer in answers if answer.status != "180 Ringing"]
    if "200 OK" in statuses:
        rang = [number for number, answer in enumerate(answers) if answer.status == "180 Ringing"]
        picked_up = next((number for number, answer in enumerate(answers) if answer.status == "200 OK"), len(answers))
        again = [number for number in rang[1:] if number < picked_up]
        return [answer for number, answer in enumerate(answers) if number not in again]
    return answers


def store(livekit: LiveKit, calls: list[dict]) -> None:
    """Create the recorded trunks and rules; $trunk1 is the id of the first trunk."""
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
        if redis != "stopped":  # the recording restarted an empty Redis 4 s earlier, and wrote the trunk and rule again
            livekit.start_redis()
            threading.Event().wait(4)
            store(livekit, setup["api"])


def send(caller: Caller, case: dict, send: dict, before: list[list[Answer]]) -> None:
    match send:
        case {"note": note} if note == REPEATED:
            caller.send_again()
        case {"method": "CANCEL"}:
            caller.cancel()
        case {"method": "BYE"} if caller.answer:
            caller.bye()
        case {"method": "none", "body": body}:
            caller.socket.sendall(body.encode())
        case _unused:
            extra = dict(send["headers"])
            if "Proxy-Authorization" in extra:
                challenge = before[-1][-1].headers["Proxy-Authenticate"]
                password = "wrong" if "wrong password" in case["case"] else "not-a-secret"
                extra["Proxy-Authorization"] = digest(challenge, send["request_uri"], "user", password)
            caller.send(send["method"], send["request_uri"], send["from"], send["to"], send["body"], extra)


def lasts(step: dict) -> float:
    return step["answers"][-1]["ms"] if step["answers"] else 0


def watch(livekit: LiveKit, others: set[str], over: threading.Event, result: Played) -> None:
    """Poll the rooms, except for those that another case left behind."""
    while not over.wait(0.1):
        found = sorted(rooms(livekit) - others)
        result.rooms.append([seen for seen in (room(livekit, name) for name in found) if seen])


def rooms(livekit: LiveKit) -> set[str]:
    return {one["name"] for one in livekit.twirp("RoomService", "ListRooms")[1]["rooms"]}


def room(livekit: LiveKit, name: str) -> dict | None:
    """A room and its participants in the format of the recording, or None if the room no longer exists."""
    grants = {"video": {"roomAdmin": True, "room": name}}
    status, answer = livekit.twirp("RoomService", "ListParticipants", {"room": name}, grants)
    if status == 404:
        return None
    return {
        "name": re.sub(r"^(call_.+)_\w{12}$", r"\1_<12 random>", name),
        "participants": [
            {
                "identity": re.sub(
                    r"^(agent-AJ_)\w{12}$", r"\1<12 random>", re.sub(r"^sip_\w+$", "sip_<hash>", one["identity"])
                ),
                "name": one["name"],
                "kind": one["kind"],
                "publishes": [track["type"] for track in one["tracks"]],
                "attributes": {key: one["attributes"][key] for key in ATTRIBUTES if key in one["attributes"]},
            }
            for one in sorted(answer["participants"], key=lambda one: one["identity"])
        ],
    }


def rooms_were_as_recorded(case: dict, played: Played) -> bool:
    return with_a_caller(case["rooms"]) in map(with_a_caller, played.rooms)


def with_a_caller(seen: list[dict]) -> list[dict]:
    """The rooms with a call. How soon an agent leaves the room of an ended call is up to the agent and the machine."""
    return [one for one in seen if any(participant["kind"] == "SIP" for participant in one["participants"])]


def api(livekit: LiveKit) -> str:
    try:
        return f"ListSIPInboundTrunk answers HTTP {livekit.twirp('SIP', 'ListSIPInboundTrunk')[0]}"
    except requests.ConnectionError:
        return "not reachable"
