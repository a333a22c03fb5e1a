# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: private_address
short_description: An address that is not routed on the internet
version_added: 0.1.0
author: The telephony.livekit maintainers
description:
  - An IPv4 address in a private, shared, loopback or link-local network, or an IPv4 network inside one of them.
options:
  _input:
    description: The value to test.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Reject an invalid value
  ansible.builtin.assert:
    that: value is telephony.livekit.private_address
  vars:
    value: "192.168.0.10"
"""

RETURN = r"""
_value:
  description: Whether the value is in such a network.
  type: bool
"""

from ansible_collections.telephony.livekit.plugins.module_utils import _values

_NETWORKS = [
    _values.network(network)
    for network in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
]


def private_address(value) -> bool:
    found = _values.network(value, 4)
    return found is not None and any(found.subnet_of(network) for network in _NETWORKS)


class TestModule:
    def tests(self):
        return {"private_address": private_address}
