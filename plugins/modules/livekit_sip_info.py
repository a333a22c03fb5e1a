#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: livekit_sip_info
short_description: Read the SIP trunks and dispatch rules on a LiveKit server
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Returns the stored objects without secrets, and also as variables for the role
    P(telephony.livekit.livekit_routing#role), so that an existing server can be managed with Ansible.
  - Checks all objects, whoever created them, and reports problems such as calls that fail, rules that no call reaches,
    and rules that answer any caller. The collection's C(docs/dial-plan.md) lists all findings.
extends_documentation_fragment:
  - telephony.livekit._connection
  - telephony.livekit._attributes.info_module
  - telephony.livekit._attributes.actiongroup_livekit
options:
  names:
    description:
      - Return only objects with one of these names.
    type: list
    elements: str
  ids:
    description:
      - Return only objects with one of these ids.
    type: list
    elements: str
  numbers:
    description:
      - Return only trunks with one of these numbers, and the rules of these trunks. V(1-202-555-0100) also matches
        V(+12025550100).
    type: list
    elements: str
seealso:
  - module: telephony.livekit.livekit_sip_call_info
  - module: telephony.livekit.livekit_sip_routing
"""

EXAMPLES = r"""
- name: Read all trunks and rules
  telephony.livekit.livekit_sip_info:
  register: sip

- name: Show which trunk has a number
  telephony.livekit.livekit_sip_info:
    numbers: ["+12025550100"]
  register: line

- name: Check that no stored object makes calls fail
  ansible.builtin.assert:
    that: sip.findings | selectattr("severity", "eq", "error") | length == 0
    fail_msg: "{{ sip.findings | map(attribute='cause') | join(', ') }}"

- name: Write the stored objects to a variables file for the role livekit_routing
  ansible.builtin.copy:
    content: "{{ sip.export | to_nice_yaml }}"
    dest: "{{ playbook_dir }}/routing.yml"
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
inbound_trunks:
  description: The inbound trunks, in the form of RV(telephony.livekit.livekit_sip_trunk#module:trunk).
  returned: success
  type: list
  elements: dict
outbound_trunks:
  description: The outbound trunks, in the same form as RV(inbound_trunks).
  returned: success
  type: list
  elements: dict
dispatch_rules:
  description: The rules, in the form of RV(telephony.livekit.livekit_sip_dispatch#module:rule).
  returned: success
  type: list
  elements: dict
findings:
  description:
    - Problems with trunks and rules, the most severe first.
    - With O(names), O(ids) or O(numbers), only problems with the returned objects. All stored objects are taken into
      account.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: A stable name for the kind of finding, such as V(trunk_unused).
      type: str
      sample: trunk_unused
    severity:
      description:
        - V(error) if calls fail, V(warning) if the situation is probably unintended, V(note) if the finding is worth
          knowing.
      type: str
    objects:
      description: The objects concerned, each with C(object), C(id) and C(name).
      type: list
      elements: dict
    cause:
      description: The problem.
      type: str
    fix:
      description: The fix.
      type: str
export:
  description:
    - The returned objects as variables for the role P(telephony.livekit.livekit_routing#role), without unset options.
    - The export contains no secrets, so running the role with this export leaves the stored secrets unchanged. Rules
      refer to trunks by name if the name is unique. An object also includes its id if its name is empty or not unique.
      A rule without trunks has C(any_trunk=true).
  returned: success
  type: dict
  contains:
    livekit_routing_inbound_trunks:
      description: The inbound trunks.
      type: list
      elements: dict
    livekit_routing_inbound_trunk_defaults:
      description: An empty dictionary, so that the role adds nothing to the trunks.
      type: dict
    livekit_routing_outbound_trunks:
      description: The outbound trunks.
      type: list
      elements: dict
    livekit_routing_dispatch_rules:
      description: The rules.
      type: list
      elements: dict
failure:
  description: Reason for the failure, as in M(telephony.livekit.livekit_sip_trunk).
  returned: failure
  type: dict
"""

from ansible_collections.telephony.livekit.plugins.module_utils._info import run_info_module


def main():
    run_info_module()


if __name__ == "__main__":
    main()
