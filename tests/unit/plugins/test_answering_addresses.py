# SPDX-License-Identifier: GPL-3.0-or-later
"""The source addresses of a host's UDP answers, found in its facts."""

import pytest
from ansible_collections.telephony.livekit.plugins.filter.answering_addresses import answering_addresses


def on(address, network, netmask="255.255.255.0"):
    return {"address": address, "network": network, "netmask": netmask}


FACTS = {
    "default_ipv4": {"address": "198.51.100.7", "network": "198.51.100.0", "netmask": "255.255.255.0"},
    "default_ipv6": {},
    "hostname": "phone",
    "all_ipv4_addresses": ["198.51.100.7", "198.51.100.70", "203.0.113.7"],
    "interfaces": ["lo", "eth0", "eth1", "down0"],
    "down0": {"device": "down0", "active": False},
    "eth0": {
        "ipv4": on("198.51.100.7", "198.51.100.0"),
        "ipv4_secondaries": [on("198.51.100.70", "198.51.100.0")],
    },
    "eth1": {
        "ipv4": on("203.0.113.7", "203.0.113.0"),
        "ipv4_secondaries": [on("203.0.113.200", "203.0.113.192", "255.255.255.192")],
    },
}


@pytest.mark.parametrize(
    ("peers", "answering"),
    [
        (["192.0.2.0/24"], ["198.51.100.7"]),
        (["0.0.0.0/0"], ["198.51.100.7"]),
        (["198.51.100.80"], ["198.51.100.7"]),
        (["203.0.113.9", "203.0.113.16/28"], ["203.0.113.7"]),
        # The network with the longer prefix wins.
        (["203.0.113.208/28"], ["203.0.113.200"]),
        # Only some of the peers are on the local network.
        (["203.0.0.0/16"], ["198.51.100.7"]),
        (["203.0.113.9", "192.0.2.1"], ["198.51.100.7", "203.0.113.7"]),
        ("203.0.113.9, 192.0.2.1", ["198.51.100.7", "203.0.113.7"]),
        (["2001:db8::/32", "sip.example.com"], []),
        ([], []),
    ],
)
def test_the_way_to_the_peer_decides(peers, answering):
    assert answering_addresses(FACTS, peers) == answering


def test_without_facts_nothing_is_known():
    """Without iproute2, Ansible gathers no network facts."""
    assert answering_addresses({}, ["192.0.2.0/24"]) == []
    assert answering_addresses({"default_ipv4": {}, "eth0": {"ipv4": {"address": "198.51.100.7"}}}, ["192.0.2.1"]) == []


def test_without_a_default_route_only_near_peers_are_answered():
    facts = {"default_ipv4": {}, "eth0": FACTS["eth0"]}
    assert answering_addresses(facts, ["192.0.2.1", "198.51.100.80"]) == ["198.51.100.7"]
