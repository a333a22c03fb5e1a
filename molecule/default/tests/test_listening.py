# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening ports, and which of them another host can reach."""

import re

import pytest
from addresses import ALLOWED, OUTSIDE

from tests.support import sip

testinfra_hosts = ["molecule"]
ANY = {"0.0.0.0", "*", "[::]"}


@pytest.fixture
def listeners(host):
    """The listening addresses of each port: {("tcp", 5060): {"*"}, ...}."""
    found = {}
    for row in host.check_output("ss --no-header --listening --numeric --tcp --udp").splitlines():
        protocol, address = row.split()[0], row.split()[4]
        where, _unused, port = address.rpartition(":")
        found.setdefault((protocol, int(port)), set()).add(re.sub(r"%.*", "", where))
    return found


def loopback(addresses):
    return all(address.startswith("127.") for address in addresses)


def test_everything_listens_where_it_should(listeners, line):
    assert listeners["tcp", 6379] == {line.redis}
    assert listeners["tcp", 7880] == {"127.0.0.1"}
    assert listeners["udp", 5060] & ANY
    assert listeners["tcp", 5060] & ANY
    assert ("tcp", 7881) in listeners
    assert ("tcp", 8085) in listeners


@pytest.mark.parametrize("source", [ALLOWED, OUTSIDE])
def test_no_other_host_reaches_what_is_inside(host, caller, listeners, line, source):
    ports = {6379, 7880, 7881, 8085}
    # All other TCP ports that do not listen only on loopback.
    ports |= {port for (protocol, port), where in listeners.items() if protocol == "tcp" and not loopback(where)} - {
        5060
    }
    assert sip.tcp(caller, source, line.address, ports) == dict.fromkeys(ports, "silent")
    # The ports are open to the host itself, so it is the firewall that drops the packets.
    assert sip.tcp(host, line.address, line.address, [7881, 8085]) == {7881: "open", 8085: "open"}


def test_sip_is_open_to_the_provider_alone(caller, line):
    assert sip.tcp(caller, ALLOWED, line.address, [5060]) == {5060: "open"}
    assert sip.tcp(caller, OUTSIDE, line.address, [5060]) == {5060: "silent"}


def test_audio_is_open_to_the_provider_alone(host, caller, line, drops):
    def send(source):
        return sip.datagrams_heard(host, 10050, lambda: sip.udp(caller, source, line.address, 10050))

    assert send(ALLOWED) == [ALLOWED]
    dropped = drops()["rtp_dropped"]
    assert send(OUTSIDE) == []
    assert drops()["rtp_dropped"] > dropped


def test_media_of_agents_is_closed(caller, line, drops):
    for source in (ALLOWED, OUTSIDE):
        dropped = drops()["internal_dropped"]
        assert sip.udp(caller, source, line.address, 7882) == []
        assert drops()["internal_dropped"] > dropped
