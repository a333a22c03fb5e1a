# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: role_config
short_description: Configuration of a program, from the variables of its role
version_added: 0.1.0
author: The telephony.livekit maintainers (@telephony-livekit)
description:
  - For internal use by the roles of this collection. May change without notice.
  - A key of the program's configuration gets the value of the variable C(<role>_<key>), and a subkey the value of
    C(<role>_<key>_<subkey>), converted to the type in the role's C(meta/argument_specs.yml). A key without a variable
    is omitted.
options:
  _terms:
    description:
      - The role, and the keys that the program knows, each with a list of its subkeys.
    required: true
"""

EXAMPLES = r"""
- name: Show what livekit-sip would read
  ansible.builtin.debug:
    msg: "{{ lookup('telephony.livekit.role_config', 'livekit_sip', {'sip_port': [], 'logging': ['level', 'json']}) }}"
"""

RETURN = r"""
_raw:
  description: One mapping of keys to values.
  type: list
  elements: dict
"""

from ansible.plugins.lookup import LookupBase
from ansible_collections.telephony.livekit.plugins.plugin_utils._config import of_variables
from ansible_collections.telephony.livekit.plugins.plugin_utils._role_variables import options_of, reader


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        role, known = terms
        return [of_variables(role, known, options_of(role), reader(self._templar, self._loader, variables))]
