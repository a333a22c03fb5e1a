#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: livekit_sip_call_info
short_description: Explain which SIP trunk, dispatch rule and room a call gets, and why not others
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Decides a call as livekit-server does, on the trunks and rules that the server stores, and says for each trunk and
    rule that does not take the call why not. No call is placed.
  - With O(inbound_trunks) or O(dispatch_rules), the call is decided on what the server would store after a run of
    M(telephony.livekit.livekit_sip_routing) with them. What that would refuse fails here too.
extends_documentation_fragment:
  - telephony.livekit._connection
  - telephony.livekit._attributes.info_module
  - telephony.livekit._attributes.actiongroup_livekit
options:
  to:
    description:
      - Called number, the user part of the SIP header C(To), in quotes and as the provider sends it. Rules compare it
        character by character.
    type: raw
    required: true
  from:
    description:
      - Calling number, the user part of the SIP header C(From). Without it, the caller hides the number.
    type: raw
  source:
    description:
      - IP address that the call comes from. Without it, every trunk's C(allowed_addresses) let the call in.
    type: str
  from_host:
    description:
      - Host in the SIP header C(From), which C(allowed_addresses) also compare.
    type: str
  pin:
    description:
      - Digits that the caller enters when a rule asks for a PIN, in quotes.
    type: str
  server_version:
    description:
      - Version of livekit-server, such as V(1.13.8). The API does not tell it, and what the caller of a refused call
        hears depends on it.
      - Without it, RV(hears) has both answers.
    type: str
  inbound_trunks:
    description:
      - Inbound trunks as O(telephony.livekit.livekit_sip_routing#module:inbound_trunks).
    type: list
    elements: dict
  dispatch_rules:
    description:
      - Dispatch rules as O(telephony.livekit.livekit_sip_routing#module:dispatch_rules).
    type: list
    elements: dict
  purge:
    description:
      - Decide as if what the given lists do not name were deleted.
    type: bool
    default: false
  keep:
    description:
      - What O(purge) leaves, by name or id.
    type: dict
    suboptions:
      inbound_trunks:
        description: Inbound trunks.
        type: list
        elements: str
        default: []
      dispatch_rules:
        description: Dispatch rules.
        type: list
        elements: str
        default: []
  assume_empty:
    description:
      - Decide as if the server stored nothing, and do not ask it.
    type: bool
    default: false
seealso:
  - module: telephony.livekit.livekit_sip_info
  - module: telephony.livekit.livekit_sip_routing
"""

EXAMPLES = r"""
- name: Explain a call
  telephony.livekit.livekit_sip_call_info:
    to: "+12025550100"
    from: "+12025550199"
    source: 198.51.100.7
    server_version: 1.13.8
  register: call

- name: Read the explanation
  ansible.builtin.debug:
    msg: "{{ call.text.splitlines() }}"

- name: Explain a call to a line that is not there yet
  telephony.livekit.livekit_sip_call_info:
    to: "+12025550101"
    from: "+12025550199"
    inbound_trunks:
      - name: office
        numbers: ["+12025550101"]
    dispatch_rules:
      - name: office
        trunks: [office]
        individual:
          room_prefix: office-
"""

RETURN = r"""
result:
  description:
    - V(accept), V(request_pin), V(refuse) (no rule takes the call) or V(error) (livekit-server cannot decide).
  returned: success
  type: str
  sample: accept
trunk:
  description: Name and id of the trunk that matches the call, or null. The id is empty if the trunk is not stored yet.
  returned: success
  type: dict
  sample: {name: twilio, id: ST_N5oXHia9B4dW}
rule:
  description: Name and id of the rule that takes the call, or null, likewise.
  returned: success
  type: dict
  sample: {name: twilio, id: SDR_Ujw3qGJCGGpC}
room:
  description: Name of the room, with C(<random>) for what livekit-server makes up. Empty without a room.
  returned: success
  type: str
  sample: call-_+12025550199_<random>
agents:
  description: Names of the agents that are dispatched to the room.
  returned: success
  type: list
  elements: str
  sample: [voice-agent]
error:
  description: Why livekit-server cannot decide the call. Empty if it can.
  returned: success
  type: str
hears:
  description: SIP answers that the caller gets, in their order.
  returned: success
  type: str
  sample: 100, 180, then 404 Does not match Trunks or Dispatch Rules
other_trunks:
  description: Each trunk that does not match the call.
  returned: success
  type: list
  elements: dict
  contains: &other
    name:
      description: Its name.
      type: str
    id:
      description: Its id. Empty if it is not stored yet.
      type: str
    code:
      description: One of V(number), V(caller), V(source), V(trunk), V(pin) and V(priority).
      type: str
    reason:
      description: The first reason, with the value that decides.
      type: str
other_rules:
  description: Each rule that does not take the call.
  returned: success
  type: list
  elements: dict
  contains: *other
findings:
  description: What is wrong with trunks and rules that take the call, or nearly do. The worst comes first.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: A stable name of the kind of finding, such as V(rule_number_form).
      type: str
    severity:
      description:
        - V(error) if calls fail, V(warning) if it is probably not what is meant, V(note) if it is worth knowing.
      type: str
    objects:
      description: The objects concerned, each with C(object), C(id) and C(name).
      type: list
      elements: dict
    cause:
      description: What is wrong.
      type: str
    fix:
      description: What to do about it.
      type: str
text:
  description: The same for people, in lines.
  returned: success
  type: str
failure:
  description: Why the module failed, as in M(telephony.livekit.livekit_sip_trunk).
  returned: failure
  type: dict
"""

from ansible_collections.telephony.livekit.plugins.module_utils._call_info import run_call_info_module


def main():
    run_call_info_module()


if __name__ == "__main__":
    main()
