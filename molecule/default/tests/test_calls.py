# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that sipp places from another host."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from addresses import ALLOWED, OUTSIDE

from tests.support import sip
from tests.support.hosts import twirp, wait_for

testinfra_hosts = ["molecule"]


def rooms(host):
    return {room["name"] for room in twirp(host, "RoomService", "ListRooms")["rooms"]}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_number_rings_and_the_agent_is_called(host, line, caller, transport):
    before = rooms(host)
    place = sip.answered if line.answers else sip.call
    with ThreadPoolExecutor() as pool:
        call = pool.submit(place, caller, ALLOWED, line.address, line.number, transport=transport, seconds=12)
        [room] = wait_for(lambda: rooms(host) - before)
        dispatches = twirp(host, "AgentDispatchService", "ListDispatch", room=room)["agent_dispatches"]
    assert room.startswith("call-_+12025550150_")
    assert [dispatch["agent_name"] for dispatch in dispatches] == ["voice-agent"]
    first, *ringing = call.result()
    assert first == "100 Processing"
    if line.answers:
        assert ringing.pop() == "200 OK"
    else:
        assert len(ringing) >= 3
    assert set(ringing) == {"180 Ringing"}
    wait_for(lambda: room not in rooms(host))


def test_another_number_gets_one_180_and_no_room(host, line, caller):
    before = rooms(host)
    assert sip.call(caller, ALLOWED, line.address, "+12025550199", seconds=3) == ["100 Processing", "180 Ringing"]
    assert rooms(host) <= before


@pytest.mark.parametrize("from_host", [OUTSIDE, ALLOWED])
def test_a_stranger_hears_nothing(host, line, caller, drops, from_host):
    """A provider address in From, which satisfies a trunk's allowed_addresses, does not help."""
    before, dropped = rooms(host), drops()["sip_dropped"]
    assert sip.call(caller, OUTSIDE, line.address, line.number, from_host=from_host, seconds=2) == []
    assert rooms(host) <= before
    assert drops()["sip_dropped"] > dropped
