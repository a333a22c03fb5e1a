# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: duration
short_description: A duration with units
version_added: 0.1.0
author: The telephony.livekit maintainers
description:
  - A duration in Go's format, with units from V(ns) to V(h).
options:
  _input:
    description: The value to test.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Reject an invalid value
  ansible.builtin.assert:
    that: value is telephony.livekit.duration
  vars:
    value: "1m30s"
"""

RETURN = r"""
_value:
  description: Whether the value is such a duration.
  type: bool
"""

from ansible_collections.telephony.livekit.plugins.module_utils import _values


def duration(value) -> bool:
    return _values.duration(value) is not None


class TestModule:
    def tests(self):
        return {"duration": duration}
