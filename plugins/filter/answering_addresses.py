# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: answering_addresses
short_description: Addresses from which a host answers over UDP
version_added: 0.2.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - A program that listens on all addresses answers over UDP from the address that the kernel selects for the route to
    the peer, not from the called address.
  - Takes the addresses of interfaces and the default route from the facts, and knows no other routes.
positional: _input, peers
options:
  _input:
    description: Facts about the host, including its network.
    type: dict
    required: true
  peers:
    description: Addresses and networks of the peers. IPv6 addresses and invalid addresses are ignored.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show the source addresses of answers to the provider
  ansible.builtin.debug:
    msg: "{{ ansible_facts | telephony.livekit.answering_addresses(['198.51.100.0/30']) }}"
"""

RETURN = r"""
_value:
  description: IPv4 addresses of the host, sorted.
  type: list
  elements: str
  sample: ["198.51.100.7"]
"""

import ipaddress
import typing as t

from ansible_collections.telephony.livekit.plugins.module_utils import _values


def answering_addresses(facts: dict, peers: list) -> list[str]:
    networks = [found for peer in _values.listed(peers) if (found := _values.network(peer, 4))]
    return sorted({source for network in networks if (source := _source(facts, network))})


def _source(facts: dict, peer: ipaddress.IPv4Network) -> str | None:
    near = [(network, address) for network, address in _addresses(facts) if peer.subnet_of(network)]
    if near:
        # If two addresses are in the same network, the kernel uses the first, and max returns the first.
        return max(near, key=lambda one: one[0].prefixlen)[1]
    return facts.get("default_ipv4", {}).get("address")


def _addresses(facts: dict) -> t.Iterator[tuple[ipaddress.IPv4Network, str]]:
    """Each IPv4 address with its network; the primary address of an interface comes first."""
    for fact in facts.values():
        if isinstance(fact, dict):
            for one in [fact.get("ipv4"), *(fact.get("ipv4_secondaries") or [])]:
                if isinstance(one, dict) and {"address", "network", "netmask"} <= set(one):
                    yield ipaddress.IPv4Network(f"{one['network']}/{one['netmask']}"), one["address"]


class FilterModule:
    def filters(self):
        return {"answering_addresses": answering_addresses}
