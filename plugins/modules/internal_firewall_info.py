#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_firewall_info
short_description: Compare a host's firewall with the desired one
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Used by the role C(telephony.livekit.livekit_firewall). May change without notice.
  - Probes nftables, ufw, firewalld, systemd and the role's files in one round trip. Changes nothing.
extends_documentation_fragment:
  - telephony.livekit._attributes.info_module
options:
  ruleset:
    description:
      - The desired table, as nft reads it. If empty, no table is desired.
    type: str
    default: ""
  openings:
    description:
      - Traffic that another firewall has to allow. Each entry has C(networks), C(protocols) and C(ports).
    type: list
    elements: dict
    default: []
  chains:
    description:
      - Chains in other firewalls that need a rule from this collection, each as family, table and chain.
    type: list
    elements: str
    default: []
  mark:
    description:
      - Packet mark that the rule in O(chains) matches.
    type: str
    default: "0"
  files:
    description:
      - The files of the role.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path of the file.
        type: str
        required: true
      content:
        description: Text of the file.
        type: str
        required: true
      needs:
        description: V(systemd) or V(firewalld), if the file is only for hosts with that program.
        type: str
        default: ""
"""

EXAMPLES = r"""
- name: Check whether parts of the firewall remain
  telephony.livekit.internal_firewall_info:
  register: firewall
"""

RETURN = r"""
nft:
  description: Whether nftables is installed.
  returned: success
  type: bool
  sample: true
systemd:
  description: Whether systemd runs.
  returned: success
  type: bool
  sample: true
units_right:
  description: Whether the role's units are enabled and active.
  returned: success
  type: bool
  sample: true
reload_needed:
  description: Whether systemd has yet to read one of the role's existing files.
  returned: success
  type: bool
  sample: false
guard_outdated:
  description: Whether the guard runs an earlier version of its script.
  returned: success
  type: bool
  sample: false
firewalld:
  description: Whether firewalld is installed.
  returned: success
  type: bool
  sample: false
firewalld_active:
  description: Whether firewalld runs.
  returned: success
  type: bool
  sample: false
ufw:
  description: Whether ufw is active and handles IPv6, and the commands that make the rules of ufw match O(openings).
  returned: success
  type: dict
  sample: {active: true, ipv6: true, commands: []}
write:
  description: Paths of files to write.
  returned: success
  type: list
  elements: str
  sample: [/etc/livekit/firewall.nft]
folders_missing:
  description: Folders to create for the files in RV(write).
  returned: success
  type: list
  elements: str
  sample: [/etc/livekit]
remove:
  description: Paths of files to remove.
  returned: success
  type: list
  elements: str
  sample: []
loaded:
  description: Whether the table of this collection is loaded.
  returned: with nftables
  type: bool
  sample: true
table_right:
  description: Whether the loaded table matches O(ruleset).
  returned: with nftables
  type: bool
  sample: true
refused:
  description: Reason why nft rejects O(ruleset), or an empty string if nft accepts it.
  returned: with nftables
  type: str
  sample: ""
closed:
  description: Chains in other firewalls that drop packets by default.
  returned: with nftables
  type: list
  elements: str
  sample: [inet filter input]
early:
  description: Chains that run before the table of this collection and drop packets by default.
  returned: with nftables
  type: list
  elements: str
  sample: []
missing_chains:
  description: Chains in O(chains) that do not exist.
  returned: with nftables
  type: list
  elements: str
  sample: []
chains_right:
  description: Whether each of O(chains) contains the rule once, and no other chain contains it.
  returned: with nftables
  type: bool
  sample: true
our_rules:
  description: nft commands that remove the rule from other chains.
  returned: with nftables
  type: list
  elements: str
  sample: [delete rule inet filter input handle 7]
firewalld_policy_loaded:
  description: Whether firewalld has loaded the policy of this collection.
  returned: with nftables
  type: bool
  sample: false
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.telephony.livekit.plugins.module_utils import _firewall_probe


def main() -> None:
    text = {"type": "str", "required": True}
    module = AnsibleModule(
        argument_spec={
            "ruleset": {"type": "str", "default": ""},
            "openings": {"type": "list", "elements": "dict", "default": []},
            "chains": {"type": "list", "elements": "str", "default": []},
            "mark": {"type": "str", "default": "0"},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"path": text, "content": text, "needs": {"type": "str", "default": ""}},
            },
        },
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"PATH": _firewall_probe.PATH, "LC_ALL": "C"}

    def run(command: list, given: str) -> tuple:
        return module.run_command(command, data=given or None, handle_exceptions=False)

    module.exit_json(changed=False, **_firewall_probe.probe(module.params, run))


if __name__ == "__main__":
    main()
