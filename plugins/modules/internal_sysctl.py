#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_sysctl
short_description: Reserve the ports of roles and increase socket buffers
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Used by the role C(telephony.livekit.internal_host). May change without notice.
  - Reserves the ports of roles, so that outgoing connections do not use them, and sets the socket buffer size that
    LiveKit requires.
  - Several roles share one file in C(/etc/sysctl.d), which lists the entries of each role. The operator's settings are
    kept.
  - If the kernel rejects a setting, for example in a container, the module does not fail but lists it in RV(refused).
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff
      mode.
    support: none
options:
  state:
    description:
      - Whether the ports of O(roles) are reserved.
    type: str
    choices: [present, absent]
    default: present
  roles:
    description:
      - Roles to process. Reservations of other roles are kept.
    type: list
    elements: str
    required: true
  ports:
    description:
      - Ports of the roles. Each entry has C(role) and C(ports), which is a port or a range of ports.
    type: list
    elements: dict
    default: []
  rmem_max:
    description:
      - Minimum socket buffer size in bytes, for roles that require it.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Reserve the ports of livekit-sip
  telephony.livekit.internal_sysctl:
    roles: [livekit_sip]
    ports:
      - {role: livekit_sip, ports: "5060"}
      - {role: livekit_sip, ports: 10000-20000}
"""

RETURN = r"""
set:
  description: Kernel settings that were changed, or would be changed.
  returned: success
  type: dict
  sample: {net.ipv4.ip_local_reserved_ports: "5060,10000-20000"}
refused:
  description: Settings that could not be changed, with the reason.
  returned: success
  type: list
  elements: str
  sample: ["net.core.rmem_max is 212992 and cannot be set to 5000000 (Read-only file system)"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.telephony.livekit.plugins.module_utils._sysctl import Kernel, Sysctl


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "roles": {"type": "list", "elements": "str", "required": True},
            "ports": {"type": "list", "elements": "dict", "default": []},
            "rmem_max": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    options = module.params
    sysctl = Sysctl(Kernel(check=module.check_mode))
    if options["state"] == "present":
        changed = sysctl.reserve(
            {role: [port["ports"] for port in options["ports"] if port["role"] == role] for role in options["roles"]},
            {role: int(size) for role, size in options["rmem_max"].items() if role in options["roles"]},
        )
    else:
        changed = sysctl.release(options["roles"])
    module.exit_json(changed=changed, set=sysctl.set, refused=sysctl.refused)


if __name__ == "__main__":
    main()
