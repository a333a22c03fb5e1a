# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo agent gets more calls at once than it accepts: a real livekit-agents worker behind the stand-in."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.images import agent
from tests.support import phone
from tests.support.agents import Agent
from tests.support.hosts import wait_for
from tests.support.livekit import HOST, LiveKit
from tests.support.stand_in import StandIn

NUMBER = "+12025550100"
CALLS = 20
ANSWERED, REJECTED = "200 OK", "486 Rejected"


@pytest.fixture(scope="module")
def port():
    with LiveKit() as livekit:
        trunk = {"name": "line", "numbers": [NUMBER], "allowed_addresses": ["127.0.0.0/8"], "ringing_timeout": "20s"}
        made = livekit.twirp("SIP", "CreateSIPInboundTrunk", {"trunk": trunk})[1]
        rule = {
            "name": "line",
            "trunk_ids": [made["sip_trunk_id"]],
            "rule": {"dispatch_rule_individual": {"room_prefix": "call"}},
            # An agent that does not leave its room stays there for as long as the test runs.
            "room_config": {
                "agents": [{"agent_name": "voice-agent"}],
                "empty_timeout": 3600,
                "departure_timeout": 3600,
            },
        }
        assert livekit.twirp("SIP", "CreateSIPDispatchRule", {"dispatch_rule": rule})[0] == 200
        with Agent(livekit), StandIn(livekit) as sip:
            yield sip.port


def call(port):
    """Place a call and return its last answer. The audio of twenty calls on a busy machine does not test the agent."""
    return phone.place(HOST, HOST, NUMBER, 120, port=port, tones_wanted=0)["answers"][-1]


def test_a_burst_is_answered_or_rejected_and_the_next_call_is_answered(port):
    """The agent is available again after a burst. This test does not measure how soon, which depends on the machine."""
    with ThreadPoolExecutor(CALLS) as pool:
        calls = list(pool.map(lambda _unused: call(port), range(CALLS)))
    assert set(calls) == {ANSWERED, REJECTED}
    wait_for(lambda: call(port) == ANSWERED)


def test_the_first_two_calls_do_not_start_the_native_library_of_rtc_twice():
    """If the first two calls came at once, this would happen now and then, and the agent would end 15 s later."""
    program = "import agent; from livekit.rtc._ffi_client import FfiClient; print(FfiClient._instance is not None)"
    environment = {"PYTHONPATH": f"{agent.packages()}:{agent.DEMO}"}
    ran = subprocess.run(
        [agent.PYTHON, "-P", "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "True\n"
