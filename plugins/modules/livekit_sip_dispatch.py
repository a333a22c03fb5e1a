#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: livekit_sip_dispatch
short_description: Manage SIP dispatch rules of a LiveKit server
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Creates, changes and deletes dispatch rules, which say into which room a call goes and which agents join it; one
    rule or a whole list in one run.
  - A field that is left out stays as it is on the server; an empty list or string clears it. Lists and maps are
    replaced as a whole, below O(direct), O(individual), O(callee), O(media) and O(room_config) keys are merged. Fields
    that this module does not know survive a change.
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
      - A list of rules, each with the options that one rule has here. One run with a list is many times faster than a
        loop.
    type: list
    elements: dict
    suboptions: &rule
      name:
        description:
          - The name of the rule. With no O(id), the rule that has exactly this name is meant.
          - Names are not unique in LiveKit. If several rules have this name the module fails and lists their ids.
        type: str
      id:
        description:
          - The id of a rule that exists, such as V(SDR_GvkJXQFhvvw8). With a new O(name) the rule is renamed.
        type: str
      trunks:
        description:
          - The inbound trunks whose calls this rule takes, by name or id.
          - A rule without trunks takes every call that reaches the server, also one that no trunk allows. So it is
            refused unless O(any_trunk=true).
        type: list
        elements: str
      any_trunk:
        description:
          - Take calls from any trunk, and calls that match no trunk at all. Excludes O(trunks).
        type: bool
      direct:
        description:
          - Every call goes into one and the same room. Give one of O(direct), O(individual) and O(callee).
        type: dict
        suboptions:
          room_name:
            description: The room.
            type: str
            required: true
          pin: &pin
            description:
              - Digits that the caller must enter first. A rule with a PIN goes before every rule without one on the
                same trunk.
            type: str
      individual:
        description:
          - Each call gets a room of its own, named C(<room_prefix>_<caller>_<random>).
        type: dict
        suboptions:
          room_prefix:
            description: What the room's name starts with. The server adds an underscore, so V(call) makes
              C(call_+12025550150_…).
            type: str
          pin: *pin
          no_randomness:
            description: Leave the random end of the room's name away, so that a caller comes back into the same room.
            type: bool
      callee:
        description:
          - Calls to the same number share a room, named C(<room_prefix>_<called number>).
        type: dict
        suboptions:
          room_prefix:
            description: What the room's name starts with.
            type: str
          pin: *pin
          randomize:
            description: Add a random end to the room's name, so that each call gets a room of its own.
            type: bool
      inbound_numbers:
        description:
          - The callers whose calls this rule takes, exactly as the provider writes them. Empty means any caller.
        type: list
        elements: str
      numbers:
        description:
          - The called numbers that this rule takes, exactly as the provider writes them; unlike a trunk's numbers,
            V(12025550100) and V(+12025550100) are not the same here. Empty means any number.
        type: list
        elements: str
      hide_phone_number:
        description:
          - Hide the caller's number from the other participants. Its last four digits stay in the room's name.
        type: bool
      metadata:
        description:
          - Metadata of the SIP participant.
          - A map or a list becomes JSON text, its keys in order. Equal JSON does not count as a change.
        type: raw
      attributes:
        description:
          - Attributes of the SIP participant.
        type: dict
      room_preset:
        description:
          - The name of a room configuration in the server's own configuration. A name that the server does not know
            makes calls fail.
        type: str
      room_config:
        description:
          - How the room is made, and which agents are called into it. Applies only if this call creates the room.
          - Keys that are left out stay as they are.
        type: dict
        suboptions:
          name:
            description: Not used in a dispatch rule; LiveKit's room configurations have it.
            type: str
          agents:
            description: The agents that join. The list is replaced as a whole.
            type: list
            elements: dict
            suboptions:
              agent_name:
                description: The name under which the agent's worker registers. If no worker has it, the call rings and
                  nobody answers.
                type: str
                required: true
              metadata:
                description: Text for the agent's job. A map or a list becomes JSON text.
                type: raw
              restart_policy:
                description: Whether LiveKit Cloud starts a failed agent again.
                type: str
                choices: [on_failure, never]
              deployment:
                description: The deployment of the agent in LiveKit Cloud.
                type: str
              attributes:
                description: Attributes of the agent's participant.
                type: dict
          metadata:
            description: Metadata of the room. A map or a list becomes JSON text.
            type: raw
          empty_timeout:
            description: Seconds until a room that nobody joined is closed.
            type: int
          departure_timeout:
            description: Seconds until a room that everybody left is closed.
            type: int
          max_participants:
            description: How many may be in the room, agents and recorders not counted.
            type: int
          min_playout_delay:
            description: Milliseconds of delay at least.
            type: int
          max_playout_delay:
            description: Milliseconds of delay at most.
            type: int
          sync_streams:
            description: Keep audio and video of a participant in step.
            type: bool
          egress:
            description:
              - Recording, as C(RoomEgress) of LiveKit's API, in snake_case. All of it is treated as secret, since it
                holds storage credentials.
            type: dict
          tags:
            description: Tags of the room.
            type: dict
      krisp_enabled:
        description:
          - Noise cancellation by Krisp. It works in LiveKit Cloud; a self-hosted livekit-sip ignores it.
        type: bool
      media:
        description:
          - What the rule's calls offer and accept for audio. Keys that are left out stay as they are.
        type: dict
        suboptions:
          only_listed_codecs:
            description: Offer and accept the codecs listed and no others.
            type: bool
          codecs:
            description: Codecs, the preferred one first.
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
            description: How long without audio until a call is ended, V(10m) at most.
            type: str
      other_fields:
        description:
          - Fields that a newer livekit-server stores and this version of the collection does not know, as the API names
            them.
          - M(telephony.livekit.livekit_sip_info) exports them under this option. A field that has an option of its own
            is an error here.
        type: dict
      clear:
        description:
          - Maps to empty before what is given is merged.
        type: list
        elements: str
        choices: [media, room_config]
  <<: *rule
  purge:
    description:
      - Delete every rule that O(rules) does not name.
    type: bool
    default: false
  keep:
    description:
      - Names or ids of rules that O(purge) leaves alone.
    type: list
    elements: str
    default: []
  assume_trunks:
    description:
      - Names of inbound trunks to take for existing. For check mode only, where the same playbook run would create
        them first.
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
- name: Each call to the trunk gets a room of its own and the agent voice-agent
  telephony.livekit.livekit_sip_dispatch:
    name: twilio
    trunks: [twilio]
    individual:
      room_prefix: call-
    room_config:
      agents:
        - agent_name: voice-agent
          metadata: '{"language": "en"}'

- name: A conference room behind a PIN
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
    - The rule as it is, or in check mode would be, in the form of this module's options. Secrets show as V(<hidden>).
    - With O(state=absent), the rule as it was; V(null) if there was none.
  returned: success, unless O(rules) is given
  type: dict
  sample:
    id: SDR_GvkJXQFhvvw8
    name: twilio
    trunks: [twilio]
    individual:
      room_prefix: call-
rules:
  description: The rules that changed, or all with O(return_all=true), each in the form of RV(rule).
  returned: success, if O(rules) is given
  type: list
  elements: dict
actions:
  description:
    - The writes in their order, or in check mode those that a run would make.
    - C(parked) is true for a write that puts an object aside, on a number or with a PIN that nobody has, until what
      it is to have is free.
    - C(interrupts) lists numbers with calls that, from this write to a later one, are neither handled as before the run
      nor as after it, because the number moves to another trunk, or the calls to another rule. One write ends it.
  returned: success
  type: list
  elements: dict
  sample:
    - action: create
      object: dispatch_rule
      name: twilio
      id: SDR_GvkJXQFhvvw8
failure:
  description: Why the module failed, as in M(telephony.livekit.livekit_sip_trunk).
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
