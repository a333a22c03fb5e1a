# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: host_and_port
short_description: A host with a port
version_added: 0.1.0
author: The telephony.livekit maintainers
description:
  - A host name, an IPv4 address, or an IPv6 address in brackets, followed by a colon and a port.
options:
  _input:
    description: The value to test.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Reject an invalid value
  ansible.builtin.assert:
    that: value is telephony.livekit.host_and_port
  vars:
    value: "redis.example.com:6379"
"""

RETURN = r"""
_value:
  description: Whether the value is such a string.
  type: bool
"""

from ansible_collections.telephony.livekit.plugins.module_utils._values import host_and_port


class TestModule:
    def tests(self):
        return {"host_and_port": host_and_port}
