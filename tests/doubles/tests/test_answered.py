# SPDX-License-Identifier: GPL-3.0-or-later
"""Answered calls with a real livekit-server, a real livekit-agents worker with the demo agent, and a listening caller.

The stand-in replaces livekit-sip; test_wire.py compares its SIP messages with the recording.
"""

from __future__ import annotations

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import tones
from tests.support.agents import Agent
from tests.support.caller import Caller
from tests.support.livekit import HOST, LiveKit
from tests.support.phone import VOICE, talk
from tests.support.stand_in import StandIn

NUMBER = "+12025550100"
ANSWERED = Path(__file__).resolve().parents[2] / "support" / "answered.xml"


@pytest.fixture(scope="module")
def livekit():
    with LiveKit() as running:
        trunk = {"name": "line", "numbers": [NUMBER], "allowed_addresses": ["127.0.0.0/8"]}
        made = running.twirp("SIP", "CreateSIPInboundTrunk", {"trunk": trunk})[1]
        rule = {
            "name": "line",
            "trunk_ids": [made["sip_trunk_id"]],
            "rule": {"dispatch_rule_individual": {"room_prefix": "call"}},
            # Rooms end early, so that tests do not have to wait; livekit-server's default is 20 s.
            "room_config": {"departure_timeout": 1, "agents": [{"agent_name": "voice-agent"}]},
        }
        assert running.twirp("SIP", "CreateSIPDispatchRule", {"dispatch_rule": rule})[0] == 200
        yield running


@pytest.fixture(scope="module")
def agent(livekit):
    with Agent(livekit) as running:
        yield running


@pytest.fixture(scope="module")
def sip(livekit):
    with StandIn(livekit) as running:
        yield running


@pytest.fixture(autouse=True)
def no_room_is_left(livekit):
    assert rooms(livekit) == []
    yield
    end = time.monotonic() + 120
    while rooms(livekit):
        assert time.monotonic() < end, rooms(livekit)
        time.sleep(0.1)


def rooms(livekit: LiveKit) -> list[str]:
    return [room["name"] for room in livekit.twirp("RoomService", "ListRooms")[1]["rooms"]]


def logged(sip: StandIn, message: str) -> list[dict]:
    lines = map(json.loads, sip.log.read_text().splitlines())
    return [line for line in lines if line["msg"] == message]


def rtp(sip: StandIn, calls: int) -> list[dict]:
    """The RTP counts of the stand-in, once this many calls are over."""
    end = time.monotonic() + 60
    while len(found := logged(sip, "RTP")) < calls and time.monotonic() < end:
        time.sleep(0.05)
    assert len(found) == calls
    return found


def answered(caller: Caller) -> list[str]:
    caller.invite(NUMBER)
    return [answer.status for answer in caller.listen(120, lambda answers: bool(caller.answer))]


def test_the_agent_greets_and_then_echoes(agent, sip):
    before = len(logged(sip, "RTP"))
    with Caller(sip.port) as caller:
        first, *ringing, last = answered(caller)
        assert (first, set(ringing), last) == ("100 Processing", {"180 Ringing"}, "200 OK")
        packets = talk(caller, 4, VOICE, len(tones.GREETING) + 1)
        assert tones.heard(packets, VOICE) == [*tones.GREETING, VOICE]
        caller.bye()
        assert [answer.status for answer in caller.listen(120, bool)] == ["200 OK"]
    counted = rtp(sip, before + 1)[-1]
    assert counted["received"] == caller.said >= 200
    assert counted["sent"] >= len(packets) > 150


@pytest.mark.parametrize("transport", ["u1", "t1"], ids=["udp", "tcp"])
def test_sipp_is_answered(agent, sip, tmp_path, transport):
    before = len(logged(sip, "RTP"))
    command = ["sipp", f"{HOST}:{sip.port}", "-sf", ANSWERED, "-t", transport, "-s", NUMBER, "-i", HOST, "-mi", HOST]
    command += ["-m", "1", "-d", "3000", "-rtp_echo", "-nostdin", "-trace_msg", "-message_file", tmp_path / "messages"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, (tmp_path / "messages").read_text()[-3000:]
    counted = rtp(sip, before + 1)[-1]
    # sipp echoes all packets except for those in transit when it hangs up.
    assert counted["sent"] > 100
    assert counted["sent"] / 2 < counted["received"] <= counted["sent"]


def test_two_calls_at_once_hear_their_own_agent(agent, sip):
    def call(voice: int) -> list[int]:
        with Caller(sip.port) as caller:
            answered(caller)
            heard = tones.heard(talk(caller, 4, voice, len(tones.GREETING) + 1), 1000, 1500)
            caller.bye()
            caller.listen(120, bool)
            return heard

    with ThreadPoolExecutor() as pool:
        assert list(pool.map(call, [1000, 1500])) == [[*tones.GREETING, 1000], [*tones.GREETING, 1500]]


def test_the_call_ends_with_the_room(livekit, agent, sip):
    with Caller(sip.port) as caller:
        assert answered(caller)[-1] == "200 OK"
        [room] = rooms(livekit)
        livekit.twirp("RoomService", "DeleteRoom", {"room": room})
        assert [answer.method for answer in caller.listen(120, bool)] == ["BYE"]
    assert logged(sip, "Closing inbound call")[-1]["reason"] == "removed"


def test_an_invite_inside_the_call_is_told_what_was_agreed(agent, sip):
    with Caller(sip.port) as caller:
        answered(caller)
        agreed = caller.answer
        caller.reinvite()
        [again] = caller.listen(120, bool)
        assert (again.status, again.body) == ("200 OK", agreed.body)
        caller.bye()
        assert [answer.status for answer in caller.listen(120, bool)] == ["200 OK"]


def test_without_an_agent_it_rings_on(livekit, sip, agent):
    """This test must be the last one, because it stops the agent."""
    agent.running.stop()
    with Caller(sip.port) as caller:
        caller.invite(NUMBER)
        first, *ringing = [answer.status for answer in caller.listen(120, lambda answers: len(answers) >= 5)]
        assert first == "100 Processing"
        assert len(ringing) >= 4 and set(ringing) == {"180 Ringing"}
        caller.cancel()
        ended = caller.listen(120, lambda answers: any(answer.status >= "3" for answer in answers))
        assert ended[-1].status == "487 Request Terminated"
