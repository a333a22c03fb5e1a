# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: network
short_description: An IP network
version_added: 0.1.0
author: The telephony.livekit maintainers
description:
  - An IPv4 or IPv6 address, with or without a prefix length.
  - A netmask instead of a prefix length is rejected, because LiveKit and nftables do not accept it.
options:
  _input:
    description: The value to test.
    type: raw
    required: true
  version:
    description: V(4) or V(6) for addresses of that version only.
    type: int
"""

EXAMPLES = r"""
- name: Reject an invalid value
  ansible.builtin.assert:
    that: value is telephony.livekit.network
  vars:
    value: "198.51.100.0/24"
"""

RETURN = r"""
_value:
  description: Whether the value is such a network.
  type: bool
"""

from ansible_collections.telephony.livekit.plugins.module_utils import _values


def network(value, version=None) -> bool:
    return _values.network(value, version) is not None


class TestModule:
    def tests(self):
        return {"network": network}
