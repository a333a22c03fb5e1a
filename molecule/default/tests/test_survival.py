# SPDX-License-Identifier: GPL-3.0-or-later
"""The line and its firewall survive restarts of Docker, nftables and the host. The tests build on each other."""

import pytest
from addresses import ALLOWED, OUTSIDE

from tests.support import sip
from tests.support.hosts import reboot, twirp, wait_for
from tests.support.phone import VOICE
from tests.support.tones import GREETING

testinfra_hosts = ["molecule"]
# Without the elements of sets, because one set remembers callers for a minute.
RULES = "nft --stateless --terse list table inet livekit"


@pytest.fixture(autouse=True)
def rules_trunk_and_keys_stay(host):
    def state():
        trunks = twirp(host, "SIP", "ListSIPInboundTrunk")
        return host.check_output(RULES), trunks, host.check_output("sha256sum /etc/livekit/keys/*")

    before = state()
    yield
    assert state() == before


def works(caller, line):
    if line.answers:
        return sip.talk(caller, ALLOWED, line.address, line.number, patience=5)["heard"] == [*GREETING, VOICE]
    # A second 180 shows that a rule matched.
    return sip.call(caller, ALLOWED, line.address, line.number)[:3] == ["100 Processing", "180 Ringing", "180 Ringing"]


def nothing_for_strangers(caller, line):
    return sip.call(caller, OUTSIDE, line.address, line.number, seconds=1) == []


def still_a_line(host, line, caller):
    # The firewall already drops strangers' packets while the line starts.
    assert nothing_for_strangers(caller, line)
    wait_for(lambda: works(caller, line))
    running = "docker inspect --format '{{.State.Running}}' " + " ".join(line.containers)
    assert set(host.check_output(running).split()) == {"true"}
    assert nothing_for_strangers(caller, line)


def test_docker_restarts(host, line, caller):
    host.check_output("timeout 60 systemctl restart docker")
    still_a_line(host, line, caller)


@pytest.mark.parametrize("action", ["reload-or-restart", "restart", "stop"])
def test_somebody_handles_nftables(host, line, caller, action):
    """Debian's nftables.service flushes all tables, including the collection's."""
    host.check_output(f"timeout 60 systemctl {action} nftables")
    assert nothing_for_strangers(caller, line)
    assert "sip_dropped" in host.check_output(RULES)


def test_the_host_reboots(line, caller):
    host = reboot(line.name)
    still_a_line(host, line, caller)
