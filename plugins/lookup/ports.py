# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ports
short_description: Ports of this collection's programs on a host
version_added: 0.1.0
author: The telephony.livekit maintainers (@telephony-livekit)
description:
  - Internal, for the roles of this collection. It may change without notice.
  - Reads the one table of ports, with the variables of the host and, for roles that have not run, their defaults.
  - Only ports of programs that run on the host and are not to be removed. The host is in the groups C(livekit_redis),
    C(livekit_server), C(livekit_sip) or C(livekit_agent) for them. A host in none of these groups has all.
options:
  _terms:
    description: Nothing, or a rule of the firewall such as C(sip), whose ports to return.
  role:
    description: A role that runs on the host in any case.
    type: str
    default: ""
  every_role:
    description:
      - Ports of every role, whether or not it runs on the host. A port whose variables cannot be resolved is left
        out; the role that owns it says so.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the ports that only monitoring may reach
  ansible.builtin.debug:
    msg: "{{ query('telephony.livekit.ports', 'monitoring') }}"
"""

RETURN = r"""
_raw:
  description: Ports of the rule, or a mapping for each port with its variable, its protocol and its addresses.
  type: list
  elements: raw
"""

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.telephony.livekit.plugins.plugin_utils import _ports
from ansible_collections.telephony.livekit.plugins.plugin_utils._role_variables import reader


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        get = reader(self._templar, self._loader, variables)
        if self.get_option("every_role"):
            return _ports.in_use(get, _ports.ROLES, unresolved=AnsibleError)
        roles = _ports.roles_of(variables.get("group_names", []), self.get_option("role"))
        if not terms:
            present = [role for role in roles if role == self.get_option("role") or get(f"{role}_state") != "absent"]
            return _ports.in_use(get, present)
        return [port for opening in terms for port in _ports.of_opening(opening, get, roles)]
