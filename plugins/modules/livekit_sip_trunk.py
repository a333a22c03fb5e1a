#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: livekit_sip_trunk
short_description: Manage SIP trunks on a LiveKit server
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Creates, changes or deletes a single inbound or outbound SIP trunk, or a whole list of trunks in one run.
  - An omitted field keeps its value on the server; an empty list or string clears it. Lists and dictionaries are
    replaced as a whole, but keys of O(media) are merged. Fields that this module does not know are kept.
  - Two inbound trunks must not claim the same number for the same caller, because calls to that number would fail with
    C(503). The server does not check this when a trunk is replaced. Therefore, this module checks for such conflicts
    before it writes, in check mode too.
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
      - Whether the trunk accepts calls (V(inbound)) or places them (V(outbound)).
    type: str
    choices: [inbound, outbound]
    default: inbound
  trunks:
    description:
      - A list of trunks, each with the options of a single trunk. One run with a list is many times faster than
        a loop.
    type: list
    elements: dict
    suboptions: &trunk
      name:
        description:
          - The name of the trunk. Without O(id), the trunk with exactly this name is selected.
          - Names are not unique in LiveKit. If several trunks have this name, the module fails and lists their ids.
        type: str
      id:
        description:
          - The id of an existing trunk, such as V(ST_N5oXHia9B4dW). With a new O(name), the trunk is renamed.
        type: str
      metadata:
        description:
          - Free text for agents.
          - A dictionary or a list becomes JSON text with sorted keys. Equal JSON does not count as a change.
        type: raw
      numbers:
        description:
          - The phone numbers of the trunk, in the format that the provider sends, usually E.164, such as
            V(+12025550100).
          - An inbound trunk answers calls to these numbers. Without numbers, it answers calls to any number.
          - An outbound trunk calls from these numbers.
        type: list
        elements: str
      allowed_addresses:
        description:
          - IP addresses and networks in CIDR notation from which calls are accepted.
          - This option is not access control. livekit-sip also compares the entries with the C(From) header, which any
            caller can forge. Restrict access with a firewall, as the role P(telephony.livekit.livekit_firewall#role)
            does.
          - Only for O(direction=inbound).
        type: list
        elements: str
      allowed_numbers:
        description:
          - The calling numbers to accept. Empty means any caller.
          - Only for O(direction=inbound).
        type: list
        elements: str
      auth_username:
        description:
          - User name for digest authentication. For an inbound trunk, the caller must use it; for an outbound trunk,
            livekit-sip presents it to the provider.
          - Must be set together with O(auth_password). With only a user name, callers would not be asked for a
            password.
        type: str
      auth_password:
        description:
          - Password for O(auth_username). LiveKit stores the password unencrypted and returns it, so a changed password
            is reported as a change. The password itself is never shown.
        type: str
      auth_realm:
        description:
          - The realm of the authentication challenge. LiveKit's default is V(LiveKit).
          - Only for O(direction=inbound).
        type: str
      headers:
        description:
          - SIP headers to send, by name. The values are treated as secrets.
        type: dict
      headers_to_attributes:
        description:
          - SIP headers to copy from a call to attributes of the SIP participant. Keys are header names, and values are
            attribute names.
        type: dict
      attributes_to_headers:
        description:
          - Attributes to copy from the participant to SIP headers of the answer. Keys are attribute names, and values
            are header names.
        type: dict
      include_headers:
        description:
          - Headers to copy from a call to attributes named C(sip.h.<header>), in addition to O(headers_to_attributes).
        type: str
        choices: [no_headers, x_headers, all_headers]
      ringing_timeout:
        description:
          - Maximum ringing time of a call, such as V(60s). V(0s) means LiveKit's default of 3 minutes.
          - Only for O(direction=inbound).
        type: str
      ringing_timeout_status:
        description:
          - SIP status, V(400) to V(699), that ends a call after O(ringing_timeout). V(0) means livekit-sip's default.
          - Requires livekit-server 1.13.11, and a livekit-sip that supports this option. livekit-sip up to 1.11.0 does
            not support it and answers V(486).
          - Only for O(direction=inbound).
        type: int
      max_call_duration:
        description:
          - Maximum call duration, such as V(2h), counted from the first ring. V(0s) means LiveKit's default of 24
            hours.
          - Only for O(direction=inbound).
        type: str
      krisp_enabled:
        description:
          - Krisp noise cancellation. Works in LiveKit Cloud; a self-hosted livekit-sip ignores this option.
          - Only for O(direction=inbound).
        type: bool
      address:
        description:
          - The host name or IP address of the provider to which calls are sent. Required for an outbound trunk.
          - Only for O(direction=outbound).
        type: str
      destination_country:
        description:
          - Two-letter country code of the called numbers, which LiveKit Cloud uses to choose a region.
          - Only for O(direction=outbound).
        type: str
      transport:
        description:
          - Transport to O(address).
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
          - Audio settings that the trunk offers and accepts. Omitted keys keep their values.
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
            description:
              - Whether audio is encrypted with SRTP. If unset, livekit-sip answers an encrypted offer without
                encryption.
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
          - Dictionaries to empty before O(media) is merged.
        type: list
        elements: str
        choices: [media]
  <<: *trunk
  purge:
    description:
      - Delete every trunk with this O(direction) that is not listed in O(trunks).
      - An unlisted trunk with exactly the same numbers as a new trunk is renamed instead.
    type: bool
    default: false
  keep:
    description:
      - Names or ids of trunks that O(purge) keeps.
    type: list
    elements: str
    default: []
  detach:
    description:
      - Remove a deleted trunk from the dispatch rules that name it. The module still fails if a rule would have no
        trunk left and would therefore match every call.
    type: bool
    default: false
  update_password:
    description:
      - V(always) compares O(auth_password) with the stored password.
      - V(on_create) sets O(auth_password) only on a new trunk, for servers that do not return passwords.
    type: str
    choices: [always, on_create]
    default: always
  return_all:
    description:
      - Return every trunk with this O(direction) in RV(trunks), not only those that changed.
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
- name: Accept calls to one number of a Twilio Elastic SIP trunk
  telephony.livekit.livekit_sip_trunk:
    name: twilio
    numbers: ["+12025550100"]
    ringing_timeout: 60s
    max_call_duration: 2h

- name: Show the changes of an additional number
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

- name: Manage two trunks and delete all others
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
    - The trunk after the run, or in check mode the planned trunk, in the form of this module's options. Secrets are
      shown as V(<hidden>).
    - With O(state=absent), the deleted trunk, or V(null) if no trunk was deleted.
  returned: success, unless O(trunks) is given
  type: dict
  sample:
    id: ST_N5oXHia9B4dW
    name: twilio
    numbers: ["+12025550100"]
trunks:
  description: The changed trunks, or all trunks with O(return_all=true), each in the form of RV(trunk).
  returned: success, if O(trunks) is given
  type: list
  elements: dict
actions: &actions
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
      object: inbound_trunk
      name: twilio
      id: ST_N5oXHia9B4dW
failure:
  description: Reason for the failure, for use in a playbook's conditions.
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
      description: The error message.
      type: str
    rpc:
      description: The failed API call, if there was one.
      type: str
    hint:
      description: The fix.
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
