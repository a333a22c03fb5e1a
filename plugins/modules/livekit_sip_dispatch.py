#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: livekit_sip_dispatch
short_description: Manage SIP dispatch rules on a LiveKit server
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Creates, changes or deletes a single dispatch rule, or a whole list of rules in one run. A dispatch rule determines
    the room of a call and the agents that join the room.
  - An omitted field keeps its value on the server; an empty list or string clears it. Lists and dictionaries are
    replaced as a whole, but keys of O(direct), O(individual), O(callee), O(media) and O(room_config) are merged. Fields
    that this module does not know are kept.
extends_documentation_fragment:
  - telephony.livekit._connection
  - telephony.livekit._attributes
  - telephony.livekit._attributes.actiongroup_livekit
options:
  state:
    description:
      - Desired state of the rules.
    type: str
    choices: [present, absent]
    default: present
  rules:
    description:
      - A list of rules, each with the options of a single rule. One run with a list is many times faster than a
        loop.
    type: list
    elements: dict
    suboptions: &rule
      name:
        description:
          - The name of the rule. Without O(id), the rule with exactly this name is selected.
          - Names are not unique in LiveKit. If several rules have this name, the module fails and lists their ids.
        type: str
      id:
        description:
          - The id of an existing rule, such as V(SDR_GvkJXQFhvvw8). With a new O(name), the rule is renamed.
        type: str
      trunks:
        description:
          - The inbound trunks whose calls this rule matches, by name or id.
          - A rule without trunks matches every call that reaches the server, even a call that no trunk allows. Such a
            rule is rejected unless O(any_trunk=true).
        type: list
        elements: str
      any_trunk:
        description:
          - Match calls on any trunk, and calls that match no trunk. O(any_trunk) and O(trunks) are mutually exclusive.
        type: bool
      direct:
        description:
          - All calls join the same room. Set exactly one of O(direct), O(individual) and O(callee).
        type: dict
        suboptions:
          room_name:
            description: The room.
            type: str
            required: true
          pin: &pin
            description:
              - Digits that the caller must enter first. A rule with a PIN takes precedence over every rule
                without a PIN on the same trunk.
            type: str
      individual:
        description:
          - Each call gets its own room, named C(<room_prefix>_<caller>_<random>).
        type: dict
        suboptions:
          room_prefix:
            description: Prefix of the room's name. The server adds an underscore, so V(call) results in
              C(call_+12025550150_…).
            type: str
          pin: *pin
          no_randomness:
            description: Omit the random suffix of the room's name, so that a caller returns to the same room.
            type: bool
      callee:
        description:
          - Calls to the same number share a room, named C(<room_prefix>_<called number>).
        type: dict
        suboptions:
          room_prefix:
            description: Prefix of the room's name.
            type: str
          pin: *pin
          randomize:
            description: Add a random suffix to the room's name, so that each call gets its own room.
            type: bool
      inbound_numbers:
        description:
          - The calling numbers that this rule matches, exactly as the provider sends them. Empty means any caller.
        type: list
        elements: str
      numbers:
        description:
          - The called numbers that this rule matches, exactly as the provider sends them. Unlike in a trunk's
            numbers, V(12025550100) and V(+12025550100) are different. Empty means any number.
        type: list
        elements: str
      hide_phone_number:
        description:
          - Hide the caller's number from the other participants. Its last four digits stay in the room's name.
        type: bool
      metadata:
        description:
          - Metadata of the SIP participant.
          - A dictionary or a list becomes JSON text with sorted keys. Equal JSON does not count as a change.
        type: raw
      attributes:
        description:
          - Attributes of the SIP participant.
        type: dict
      room_preset:
        description:
          - The name of a room configuration in the server's own configuration. Calls fail if the server does not know
            the name.
        type: str
      room_config:
        description:
          - Settings for the room, and the agents that join it. Both apply only if the call creates the room.
          - Omitted keys keep their values.
        type: dict
        suboptions:
          name:
            description: Not used in a dispatch rule. LiveKit's room configurations have this field.
            type: str
          agents:
            description: The agents that join. The list is replaced as a whole.
            type: list
            elements: dict
            suboptions:
              agent_name:
                description: The name under which the agent's worker registers. If no worker has this name, the call
                  rings but is not answered.
                type: str
                required: true
              metadata:
                description: Metadata of the agent's job. A dictionary or a list becomes JSON text.
                type: raw
              restart_policy:
                description: Whether LiveKit Cloud restarts a failed agent.
                type: str
                choices: [on_failure, never]
              deployment:
                description: The deployment of the agent in LiveKit Cloud.
                type: str
              attributes:
                description: Attributes of the agent's participant.
                type: dict
          metadata:
            description: Metadata of the room. A dictionary or a list becomes JSON text.
            type: raw
          empty_timeout:
            description: Seconds until a room without participants is closed.
            type: int
          departure_timeout:
            description: Seconds until a room is closed after the last participant has left.
            type: int
          max_participants:
            description: Maximum number of participants, not counting agents and recorders.
            type: int
          min_playout_delay:
            description: Minimum playout delay in milliseconds.
            type: int
          max_playout_delay:
            description: Maximum playout delay in milliseconds.
            type: int
          sync_streams:
            description: Synchronise a participant's audio and video.
            type: bool
          egress:
            description:
              - Recording of the room, as C(RoomEgress) in LiveKit's API, with keys in snake_case. The whole option is
                treated as a secret, because it contains storage credentials.
            type: dict
          tags:
            description: Tags of the room.
            type: dict
      krisp_enabled:
        description:
          - Krisp noise cancellation. Works in LiveKit Cloud; a self-hosted livekit-sip ignores this option.
        type: bool
      media:
        description:
          - Audio settings that the rule's calls offer and accept. Omitted keys keep their values.
        type: dict
        suboptions:
          only_listed_codecs:
            description: Offer and accept only the listed codecs.
            type: bool
          codecs:
            description: Codecs, with the preferred codec first.
            type: list
            elements: dict
            suboptions:
              name:
                description: The name in SDP, such as V(PCMU), V(PCMA) or V(G722).
                type: str
                required: true
              rate:
                description: The clock rate in hertz, such as V(8000).
                type: int
          encryption:
            description: Whether audio is encrypted with SRTP.
            type: str
            choices: [disable, allow, require]
          media_timeout:
            description: Duration without audio after which a call ends, at most V(10m).
            type: str
      other_fields:
        description:
          - Fields of a newer livekit-server that this version of the collection does not know, under their API names.
          - M(telephony.livekit.livekit_sip_info) exports such fields under this option. A field that has its own option
            is rejected here.
        type: dict
      clear:
        description:
          - Dictionaries to empty before the given values are merged.
        type: list
        elements: str
        choices: [media, room_config]
  <<: *rule
  purge:
    description:
      - Delete every rule that is not listed in O(rules).
    type: bool
    default: false
  keep:
    description:
      - Names or ids of rules that O(purge) keeps.
    type: list
    elements: str
    default: []
  assume_trunks:
    description:
      - Names of inbound trunks to treat as existing. Only for check mode, if the same playbook run would create these
        trunks first.
    type: list
    elements: str
  return_all:
    description:
      - Return every rule in RV(rules), not only those that changed.
    type: bool
    default: false
seealso:
  - module: telephony.livekit.livekit_sip_trunk
  - module: telephony.livekit.livekit_sip_routing
  - name: LiveKit's SIP API
    description: The fields of trunks and dispatch rules.
    link: https://docs.livekit.io/sip/api/
"""

EXAMPLES = r"""
- name: Give each call to the trunk its own room and the agent voice-agent
  telephony.livekit.livekit_sip_dispatch:
    name: twilio
    trunks: [twilio]
    individual:
      room_prefix: call-
    room_config:
      agents:
        - agent_name: voice-agent
          metadata: '{"language": "en"}'

- name: Protect a conference room with a PIN
  telephony.livekit.livekit_sip_dispatch:
    name: conference
    trunks: [office]
    direct:
      room_name: conference
      pin: "{{ vault_conference_pin }}"

- name: Remove a rule
  telephony.livekit.livekit_sip_dispatch:
    name: conference
    state: absent
"""

RETURN = r"""
rule:
  description:
    - The rule after the run, or in check mode the planned rule, in the form of this module's options. Secrets are
      shown as V(<hidden>).
    - With O(state=absent), the deleted rule, or V(null) if no rule was deleted.
  returned: success, unless O(rules) is given
  type: dict
  sample:
    id: SDR_GvkJXQFhvvw8
    name: twilio
    trunks: [twilio]
    individual:
      room_prefix: call-
rules:
  description: The changed rules, or all rules with O(return_all=true), each in the form of RV(rule).
  returned: success, if O(rules) is given
  type: list
  elements: dict
actions:
  description:
    - The writes in order, or in check mode the planned writes.
    - C(parked) is true for a write that gives an object a placeholder number or PIN until the desired one is free.
    - C(interrupts) lists the numbers whose calls, from this write until a later one, are handled neither as they were
      before the run nor as they are after it, because the number moves to another trunk or its calls move to another
      rule. A single write ends the interruption.
  returned: success
  type: list
  elements: dict
  sample:
    - action: create
      object: dispatch_rule
      name: twilio
      id: SDR_GvkJXQFhvvw8
failure:
  description: Reason for the failure, as in M(telephony.livekit.livekit_sip_trunk).
  returned: failure
  type: dict
"""

from ansible_collections.telephony.livekit.plugins.module_utils._kinds import DISPATCH_RULE
from ansible_collections.telephony.livekit.plugins.module_utils._list_module import run_list_module
from ansible_collections.telephony.livekit.plugins.module_utils._objects import item_options


def main():
    run_list_module(
        item_options=item_options(DISPATCH_RULE),
        kind_of=lambda params: DISPATCH_RULE,
        one="rule",
        many="rules",
        assume_trunks={"type": "list", "elements": "str"},
    )


if __name__ == "__main__":
    main()
