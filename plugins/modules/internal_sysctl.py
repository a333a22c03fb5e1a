#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_sysctl
short_description: Reserve the ports of roles and raise the buffers of sockets
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Used by the role C(telephony.livekit.internal_host). It may change without notice.
  - Keeps outgoing connections from the ports of roles, and lets sockets buffer as much as LiveKit asks for.
  - Several roles share one file in C(/etc/sysctl.d), which says what each of them added. What the operator set stays.
  - A setting that the kernel refuses, as in a container, does not fail the module. It is in RV(refused).
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
      - The roles to settle. What other roles have reserved stays.
    type: list
    elements: str
    required: true
  ports:
    description:
      - The ports of roles. Each has C(role) and C(ports), a port or a range of them.
    type: list
    elements: dict
    default: []
  rmem_max:
    description:
      - Bytes that a socket may buffer at least, for roles that ask for it.
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
  description: The settings of the kernel that were changed, or would be.
  returned: success
  type: dict
  sample: {net.ipv4.ip_local_reserved_ports: "5060,10000-20000"}
refused:
  description: What could not be set, and why.
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
