# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: role_variables
short_description: Variables of this collection's roles
version_added: 0.1.0
author: The telephony.livekit maintainers (@telephony-livekit)
description:
  - For internal use by the roles and playbooks of this collection. May change without notice.
  - Reads variables of roles that are not in the play, such as the provider's networks, to which the trunks refer.
  - Returns the value from the inventory or, if there is none, the default of the role.
options:
  _terms:
    description: Names of variables.
    required: true
"""

EXAMPLES = r"""
- name: Show who may call
  ansible.builtin.debug:
    msg: "{{ query('telephony.livekit.role_variables', 'livekit_firewall_signalling_networks') | first }}"
"""

RETURN = r"""
_raw:
  description: The value of each variable.
  type: list
  elements: raw
"""

from ansible.plugins.lookup import LookupBase
from ansible_collections.telephony.livekit.plugins.plugin_utils._role_variables import reader


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        get = reader(self._templar, self._loader, variables)
        return [get(name) for name in terms]
