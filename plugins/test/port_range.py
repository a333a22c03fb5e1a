# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: port_range
short_description: A range of ports
version_added: 0.1.0
author: The telephony.livekit maintainers
description:
  - Two ports separated by a hyphen, with the smaller port first.
options:
  _input:
    description: The value to test.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Reject an invalid value
  ansible.builtin.assert:
    that: value is telephony.livekit.port_range
  vars:
    value: "10000-20000"
"""

RETURN = r"""
_value:
  description: Whether the value is such a range.
  type: bool
"""

from ansible_collections.telephony.livekit.plugins.module_utils import _values


def port_range(value) -> bool:
    return _values.port_range(value) is not None


class TestModule:
    def tests(self):
        return {"port_range": port_range}
