# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ports
short_description: Ports that this collection's programs use on a host
version_added: 0.1.0
author: The telephony.livekit maintainers (@telephony-livekit)
description:
  - For internal use by the roles of this collection. May change without notice.
  - Evaluates the table of ports with the host's variables, and with the defaults of roles that have not run.
  - Returns only ports of programs that run on the host and are not being removed. The groups C(livekit_redis),
    C(livekit_server), C(livekit_sip) and C(livekit_agent) determine which programs run on the host. On a host that is
    in none of these groups, all programs run.
options:
  _terms:
    description: Firewall rules, such as C(sip), whose ports are returned. If omitted, all ports are returned.
  role:
    description: A role that runs on the host, whatever groups the host is in.
    type: str
    default: ""
  every_role:
    description:
      - Return ports of every role, whether or not it runs on the host. A port whose variables cannot be resolved is
        omitted, because its role reports the error.
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
  description: Ports of the rules, or a dictionary for each port with its variable, protocol and addresses.
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
