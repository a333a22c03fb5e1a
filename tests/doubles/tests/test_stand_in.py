# SPDX-License-Identifier: GPL-3.0-or-later
"""Behavior of the stand-in for livekit-sip, except for its SIP answers, which test_wire.py tests."""

from __future__ import annotations

import json
import re

import pytest

from tests.images import build
from tests.support.caller import Caller
from tests.support.hosts import wait_for
from tests.support.livekit import LiveKit
from tests.support.stand_in import StandIn

NUMBER = "+12025550100"


@pytest.fixture(scope="module")
def livekit():
    with LiveKit() as running:
        yield running


@pytest.fixture
def line(livekit):
    """A function that creates a trunk and a rule with the given additional fields."""

    def make(**rule) -> None:
        trunk = {"name": "line", "numbers": [NUMBER], "allowed_addresses": ["127.0.0.0/8"]}
        status, made = livekit.twirp("SIP", "CreateSIPInboundTrunk", {"trunk": trunk})
        assert status == 200, made
        individual = {"dispatch_rule_individual": {"room_prefix": "call"}}
        wanted = {"name": "line", "trunk_ids": [made["sip_trunk_id"]], "rule": individual, **rule}
        status, made = livekit.twirp("SIP", "CreateSIPDispatchRule", {"dispatch_rule": wanted})
        assert status == 200, made

    yield make
    livekit.flush()
    for name in rooms(livekit):
        livekit.twirp("RoomService", "DeleteRoom", {"room": name})


@pytest.fixture
def sip(livekit):
    with StandIn(livekit) as running:
        yield running


def rooms(livekit: LiveKit) -> list[str]:
    return [room["name"] for room in livekit.twirp("RoomService", "ListRooms")[1]["rooms"]]


def statuses(caller: Caller, seconds: float) -> list[str]:
    return [answer.status for answer in caller.listen(seconds)]


def first(caller: Caller, count: int) -> list[str]:
    """Wait for this many answers, however slow a busy machine is."""
    return [answer.status for answer in caller.listen(120, lambda answers: len(answers) >= count)]


def hears(caller: Caller, status: str) -> bool:
    def heard(answers) -> bool:
        return any(answer.status == status for answer in answers)

    return heard(caller.listen(120, heard))


def test_the_rules_agents_are_dispatched_by_the_real_server(livekit, line, sip):
    line(room_config={"agents": [{"agent_name": "voice-agent", "metadata": "for the agent"}]})
    with Caller(sip.port) as caller:
        caller.invite(NUMBER)
        assert first(caller, 2) == ["100 Processing", "180 Ringing"]
        (room,) = wait_for(lambda: rooms(livekit))
        grants = {"video": {"roomAdmin": True, "room": room}}

        def dispatches():
            return livekit.twirp("AgentDispatchService", "ListDispatch", {"room": room}, grants)[1]["agent_dispatches"]

        assert [(one["agent_name"], one["metadata"]) for one in wait_for(dispatches)] == [
            ("voice-agent", "for the agent")
        ]


def test_hide_phone_number_leaves_the_last_four_digits(livekit, line, sip):
    line(hide_phone_number=True)
    with Caller(sip.port) as caller:
        caller.invite(NUMBER, caller="+12025550150")
        (room,) = wait_for(lambda: rooms(livekit))
        assert re.fullmatch(r"call_0150_\w{12}", room)
        grants = {"video": {"roomAdmin": True, "room": room}}

        def participants():
            return livekit.twirp("RoomService", "ListParticipants", {"room": room}, grants)[1]["participants"]

        (caller,) = wait_for(participants)
    assert caller["name"] == "Phone 0150"
    assert "2025550150" not in str(caller)


# livekit-server answers livekit-sip with DROP up to 1.13.7, and with REJECT from 1.13.8 on.
NO_RULE = {
    "": (["100 Processing", "180 Ringing"], "flood"),
    build.NEWER_API: (["100 Processing", "180 Ringing", "404 Does not match Trunks or Dispatch Rules"], "no-dispatch"),
}


@pytest.mark.parametrize("version", NO_RULE, ids=["DROP", "REJECT"])
def test_a_call_that_no_rule_takes_ends_as_the_server_says(version):
    answers, reason = NO_RULE[version]
    with LiveKit(version=version) as livekit, StandIn(livekit) as sip, Caller(sip.port) as caller:
        caller.invite(NUMBER)
        assert first(caller, len(answers)) == answers
        assert statuses(caller, 2) == []
        lines = [json.loads(line) for line in sip.log.read_text().splitlines() if "Closing inbound call" in line]
        assert [line["reason"] for line in lines] == [reason]
        assert rooms(livekit) == []


def test_draining_keeps_the_call_and_still_takes_new_ones(line, sip):
    line()
    with Caller(sip.port) as old, Caller(sip.port) as new, Caller(sip.port) as anybody:
        old.invite(NUMBER)
        assert first(old, 2) == ["100 Processing", "180 Ringing"]
        sip.running.terminate()
        anybody.send("OPTIONS", "sip:127.0.0.1", "<sip:anybody@127.0.0.1>", "<sip:127.0.0.1>")
        assert first(anybody, 1) == ["200 OK"]
        wait_for(lambda: sip.health() == "503 Stopped")
        new.invite(NUMBER)
        assert first(new, 2) == ["100 Processing", "180 Ringing"]
        assert hears(old, "180 Ringing")
        for caller in (new, old):
            assert sip.running.process.poll() is None
            caller.cancel()
            assert hears(caller, "487 Request Terminated")
        assert sip.running.process.wait(timeout=120) == 0
        assert sip.health() == "connection refused"


def test_every_run_says_that_it_is_a_stand_in(sip):
    told = [line for line in sip.log.read_text().splitlines() if "stand-in" in line]
    assert len(told) == 1
    assert "for trying out" in told[0]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"log_level": "debug"}, "field log_level not found"),
        ({"sip_port": "many"}, "cannot unmarshal"),
        ({"rtp_port": "20000-10000"}, "port"),
        ({"redis": None}, "redis configuration is required"),
        ({"api_secret": ""}, "api_secret"),
        ({"use_external_ip": True}, "use_external_ip and nat_1_to_1_ip can not both be set"),
        ({"redis": {"address": "127.0.0.1:1"}}, "Redis"),
    ],
    ids=["unknown key", "not a number", "range backwards", "no redis", "no secret", "two addresses", "redis not there"],
)
def test_a_bad_config_is_named_and_ends_it_with_exit_code_0(livekit, config, message):
    stand_in = StandIn(livekit, config)
    running = stand_in.start()
    assert running.process.wait(timeout=120) == 0
    assert message in stand_in.log.read_text()
    assert stand_in.health() == "connection refused"


def test_a_wrong_redis_password_ends_it(livekit):
    stand_in = StandIn(livekit, {"redis": {"address": livekit.redis_address, "password": "wrong"}})
    assert stand_in.start().process.wait(timeout=120) == 0
    assert "WRONGPASS" in stand_in.log.read_text()
