# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: listed
short_description: Convert a string to a list
version_added: 0.1.0
author: The telephony.livekit maintainers
description:
  - Converts a value as an Ansible module does for a list option. A string is split at commas, a number becomes a list
    with one item, and null becomes an empty list.
options:
  _input:
    description: A list, a string, a number or null.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Show two networks
  ansible.builtin.debug:
    msg: "{{ '198.51.100.0/24, 2001:db8::/32' | telephony.livekit.listed }}"
"""

RETURN = r"""
_value:
  description: The list.
  type: list
  elements: raw
"""

from ansible_collections.telephony.livekit.plugins.module_utils._values import listed


class FilterModule:
    def filters(self):
        return {"listed": listed}
