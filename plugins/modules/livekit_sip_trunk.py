#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: livekit_sip_trunk
short_description: Manage SIP trunks of a LiveKit server
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Creates, changes and deletes inbound and outbound SIP trunks, one or a whole list in one run.
  - A field that is left out stays as it is on the server; an empty list or string clears it. Lists and maps are
    replaced as a whole, below O(media) keys are merged. Fields that this module does not know survive a change.
  - Two inbound trunks must not claim the same number for the same caller; calls to it would get C(503). The server does
    not check that when a trunk is replaced, so this module does, before it writes and in check mode too.
extends_documentation_fragment:
  - telephony.livekit._connection
  - telephony.livekit._attributes
  - telephony.livekit._attributes.actiongroup_livekit
options:
  state:
    description:
      - Desired state of the trunks.
      - A trunk that a dispatch rule names is not deleted, unless O(detach=true).
    type: str
    choices: [present, absent]
    default: present
  direction:
    description:
      - Whether the trunk takes calls (V(inbound)) or places them (V(outbound)).
    type: str
    choices: [inbound, outbound]
    default: inbound
  trunks:
    description:
      - A list of trunks, each with the options that one trunk has here. One run with a list is many times faster than
        a loop.
    type: list
    elements: dict
    suboptions: &trunk
      name:
        description:
          - The name of the trunk. With no O(id), the trunk that has exactly this name is meant.
          - Names are not unique in LiveKit. If several trunks have this name the module fails and lists their ids.
        type: str
      id:
        description:
          - The id of a trunk that exists, such as V(ST_N5oXHia9B4dW). With a new O(name) the trunk is renamed.
        type: str
      metadata:
        description:
          - Text of your own, which agents can read.
          - A map or a list becomes JSON text, its keys in order. Equal JSON does not count as a change.
        type: raw
      numbers:
        description:
          - The phone numbers of the trunk, in the form in which the provider sends them, which for most is E.164 as in
            V(+12025550100).
          - An inbound trunk answers calls to these numbers. Without numbers it answers calls to any number.
          - An outbound trunk calls from these numbers.
        type: list
        elements: str
      allowed_addresses:
        description:
          - IP addresses and networks in CIDR notation from which calls are taken.
          - This is not access control. livekit-sip compares them with the caller-written C(From) header too, so any
            caller can forge it. Restrict access with a firewall, as the role P(telephony.livekit.livekit_firewall#role)
            does.
          - Only for O(direction=inbound).
        type: list
        elements: str
      allowed_numbers:
        description:
          - The callers whose calls are taken. Empty means any caller.
          - Only for O(direction=inbound).
        type: list
        elements: str
      auth_username:
        description:
          - User name for digest authentication; of the caller for an inbound trunk, at the provider for an outbound
            one.
          - Goes together with O(auth_password). With a user name alone nobody would be asked for a password.
        type: str
      auth_password:
        description:
          - Password for O(auth_username). LiveKit stores it in clear and returns it, so a changed password shows as a
            change; the password itself is never shown.
        type: str
      auth_realm:
        description:
          - The realm that callers are asked for. LiveKit's default is V(LiveKit).
          - Only for O(direction=inbound).
        type: str
      headers:
        description:
          - SIP headers to send, by name. The values are treated as secrets.
        type: dict
      headers_to_attributes:
        description:
          - Which SIP header of a call becomes which attribute of the SIP participant; header name to attribute name.
        type: dict
      attributes_to_headers:
        description:
          - Which attribute of the participant becomes which SIP header of the answer; attribute name to header name.
        type: dict
      include_headers:
        description:
          - Which headers of a call become attributes named C(sip.h.<header>), in addition to those of
            O(headers_to_attributes).
        type: str
        choices: [no_headers, x_headers, all_headers]
      ringing_timeout:
        description:
          - How long a call rings while no agent answers, such as V(60s). V(0s) means LiveKit's default of 3 minutes.
          - Only for O(direction=inbound).
        type: str
      ringing_timeout_status:
        description:
          - The SIP status that ends a call when O(ringing_timeout) is over, V(400) to V(699). V(0) means livekit-sip's
            own status.
          - Needs livekit-server 1.13.11, and a livekit-sip that reads it. livekit-sip up to 1.11.0 does not, and
            answers V(486).
          - Only for O(direction=inbound).
        type: int
      max_call_duration:
        description:
          - How long a call may last, such as V(2h), counted from its first ring. V(0s) means LiveKit's default of 24
            hours.
          - Only for O(direction=inbound).
        type: str
      krisp_enabled:
        description:
          - Noise cancellation by Krisp. It works in LiveKit Cloud; a self-hosted livekit-sip ignores it.
          - Only for O(direction=inbound).
        type: bool
      address:
        description:
          - The host name or IP address of the provider to send calls to. Needed by an outbound trunk.
          - Only for O(direction=outbound).
        type: str
      destination_country:
        description:
          - Two-letter country code of the numbers that are called, which LiveKit Cloud uses to choose a region.
          - Only for O(direction=outbound).
        type: str
      transport:
        description:
          - The transport to reach O(address) with.
          - Only for O(direction=outbound).
        type: str
        choices: [auto, udp, tcp, tls]
      from_host:
        description:
          - The host in the C(From) header of outgoing calls.
          - Only for O(direction=outbound).
        type: str
      media:
        description:
          - What the trunk offers and accepts for audio. Keys that are left out stay as they are.
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
            description:
              - Whether audio is encrypted with SRTP. If unset, livekit-sip answers an encrypted offer in clear.
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
          - Maps to empty before O(media) is merged.
        type: list
        elements: str
        choices: [media]
  <<: *trunk
  purge:
    description:
      - Delete every trunk of this O(direction) that O(trunks) does not name.
      - A trunk that is not named and holds exactly the numbers of a new one is renamed instead.
    type: bool
    default: false
  keep:
    description:
      - Names or ids of trunks that O(purge) leaves alone.
    type: list
    elements: str
    default: []
  detach:
    description:
      - Take a trunk that is deleted out of the dispatch rules that name it. A rule that would have no trunk left, and
        so would take every call, is still an error.
    type: bool
    default: false
  update_password:
    description:
      - V(always) compares O(auth_password) with what the server stores.
      - V(on_create) sets it only on a new trunk, for servers that do not return passwords.
    type: str
    choices: [always, on_create]
    default: always
  return_all:
    description:
      - Return every trunk of this O(direction) in RV(trunks), not only those that changed.
    type: bool
    default: false
seealso:
  - module: telephony.livekit.livekit_sip_dispatch
  - module: telephony.livekit.livekit_sip_routing
  - name: LiveKit's SIP API
    description: The fields of trunks and dispatch rules.
    link: https://docs.livekit.io/sip/api/
"""

EXAMPLES = r"""
- name: Take calls to one number of a Twilio Elastic SIP trunk
  telephony.livekit.livekit_sip_trunk:
    name: twilio
    numbers: ["+12025550100"]
    ringing_timeout: 60s
    max_call_duration: 2h

- name: Show what one number more would change
  telephony.livekit.livekit_sip_trunk:
    name: twilio
    numbers: ["+12025550100", "+12025550101"]
  check_mode: true
  diff: true

- name: Ask callers for a password
  telephony.livekit.livekit_sip_trunk:
    name: office
    numbers: ["+12025550102"]
    auth_username: office
    auth_password: "{{ vault_office_password }}"

- name: Two trunks at once, and no others
  telephony.livekit.livekit_sip_trunk:
    trunks:
      - name: twilio
        numbers: ["+12025550100", "+12025550101"]
      - name: office
        numbers: ["+12025550102"]
    purge: true

- name: Place calls
  telephony.livekit.livekit_sip_trunk:
    direction: outbound
    name: twilio-out
    address: example.pstn.twilio.com
    transport: tls
    numbers: ["+12025550100"]
    auth_username: livekit
    auth_password: "{{ vault_twilio_password }}"

- name: Remove a trunk
  telephony.livekit.livekit_sip_trunk:
    name: twilio-out
    direction: outbound
    state: absent
"""

RETURN = r"""
trunk:
  description:
    - The trunk as it is, or in check mode would be, in the form of this module's options. Secrets show as V(<hidden>).
    - With O(state=absent), the trunk as it was; V(null) if there was none.
  returned: success, unless O(trunks) is given
  type: dict
  sample:
    id: ST_N5oXHia9B4dW
    name: twilio
    numbers: ["+12025550100"]
trunks:
  description: The trunks that changed, or all with O(return_all=true), each in the form of RV(trunk).
  returned: success, if O(trunks) is given
  type: list
  elements: dict
actions: &actions
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
      object: inbound_trunk
      name: twilio
      id: ST_N5oXHia9B4dW
failure:
  description: Why the module failed, for a playbook to decide on.
  returned: failure
  type: dict
  contains:
    code:
      description:
        - One of V(invalid), V(not_found), V(ambiguous), V(conflict), V(in_use), V(unorderable), V(unexpected),
          V(unknown_field), V(bad_url), V(tls), V(unreachable), V(lost_answer), V(redirected), V(odd_answer),
          V(not_json), V(ignored_field), or the error code of the server, such as V(unauthenticated).
      type: str
    message:
      description: What went wrong.
      type: str
    rpc:
      description: The call that the server refused, if there was one.
      type: str
    hint:
      description: What to do about it.
      type: str
"""

from ansible_collections.telephony.livekit.plugins.module_utils._kinds import INBOUND_TRUNK, OUTBOUND_TRUNK
from ansible_collections.telephony.livekit.plugins.module_utils._list_module import run_list_module
from ansible_collections.telephony.livekit.plugins.module_utils._objects import item_options


def main():
    run_list_module(
        item_options={**item_options(INBOUND_TRUNK), **item_options(OUTBOUND_TRUNK)},
        kind_of=lambda params: OUTBOUND_TRUNK if params.get("direction") == "outbound" else INBOUND_TRUNK,
        one="trunk",
        many="trunks",
        direction={"type": "str", "choices": ["inbound", "outbound"], "default": "inbound"},
        detach={"type": "bool", "default": False},
        update_password={"type": "str", "choices": ["always", "on_create"], "default": "always", "no_log": False},
    )


if __name__ == "__main__":
    main()
