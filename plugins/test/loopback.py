# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: loopback
short_description: A name or address that refers to the host itself
version_added: 0.1.0
author: The telephony.livekit maintainers
description:
  - V(localhost), or an address of the loopback interface, with or without a port.
options:
  _input:
    description: The value to test.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Reject an address that other hosts cannot reach
  ansible.builtin.assert:
    that: value is not telephony.livekit.loopback
  vars:
    value: "198.51.100.1:6379"
"""

RETURN = r"""
_value:
  description: Whether the value refers to the host itself.
  type: bool
"""

from ansible_collections.telephony.livekit.plugins.module_utils._values import loopback


class TestModule:
    def tests(self):
        return {"loopback": loopback}
