# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: all_addresses
short_description: A network that contains all addresses
version_added: 0.1.0
author: The telephony.livekit maintainers
description:
  - An IPv4 or IPv6 network that covers every address of its version, such as V(0.0.0.0/0).
options:
  _input:
    description: The value to test.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Reject a network that opens a port to everyone
  ansible.builtin.assert:
    that: value is not telephony.livekit.all_addresses
  vars:
    value: "198.51.100.0/24"
"""

RETURN = r"""
_value:
  description: Whether the value is such a network.
  type: bool
"""

from ansible_collections.telephony.livekit.plugins.module_utils import _values


def all_addresses(value) -> bool:
    found = _values.network(value)
    return found is not None and found.prefixlen == 0


class TestModule:
    def tests(self):
        return {"all_addresses": all_addresses}
