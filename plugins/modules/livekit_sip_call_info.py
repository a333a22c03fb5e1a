#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: livekit_sip_call_info
short_description: Explain what an inbound call gets, or what is sent of an outbound one
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Decides an inbound call as livekit-server does, on the trunks and rules that the server stores, and says for each
    trunk and rule that does not take the call why not. No call is placed.
  - With O(outbound), explains a C(CreateSIPParticipant) request instead, with what is sent to the provider, and what of
    it cannot work. No request is sent.
  - With O(inbound_trunks), O(outbound_trunks) or O(dispatch_rules), the call is decided on what the server would store
    after a run of M(telephony.livekit.livekit_sip_routing) with them. What that would refuse fails here too.
extends_documentation_fragment:
  - telephony.livekit._connection
  - telephony.livekit._attributes.info_module
  - telephony.livekit._attributes.actiongroup_livekit
options:
  to:
    description:
      - Called number, the user part of the SIP header C(To), in quotes and as the provider sends it. Rules compare it
        character by character.
      - One of O(to) and O(outbound) is required.
    type: raw
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
  outbound:
    description:
      - Request that makes an outbound call, with those of its fields that change what is sent or what comes of it.
      - What livekit-server makes of a request is measured. What livekit-sip makes of it is read in the source of
        livekit-sip 1.10 and 1.11, and not measured. C(docs/dial-plan.md) of the collection tells which is which.
      - O(outbound) and the options of an inbound call exclude each other.
    type: dict
    suboptions:
      trunk:
        description:
          - Name or id of the outbound trunk. A request has the id, C(sip_trunk_id). Without it,
            O(outbound.inline_trunk) counts.
        type: str
      inline_trunk:
        description:
          - A trunk that is not stored, C(trunk) of the request. It has no numbers, so O(outbound.from_number) is
            needed.
          - With O(outbound.trunk), nothing of it counts but C(from_host), where the trunk has none.
        type: dict
        suboptions:
          hostname:
            description: Host of the provider, with or without a port.
            type: str
          destination_country:
            description: Country that is called. Only LiveKit Cloud does something with it.
            type: str
          transport:
            description: What the call is sent over. V(auto) is UDP.
            type: str
            choices: [auto, udp, tcp, tls]
          auth_username:
            description: Username for a provider that asks for a password.
            type: str
          auth_password:
            description: Password for a provider that asks for one.
            type: str
          headers_to_attributes:
            description: Headers of the answer, and the attributes of the participant that they become.
            type: dict
          attributes_to_headers:
            description: Attributes of the participant, and the headers of the BYE that they become.
            type: dict
          from_host:
            description: Host in the header C(From).
            type: str
      request_uri:
        description:
          - What the INVITE is sent to in place of O(outbound.to) at the trunk's host, C(sip_request_uri) of the
            request. The header C(To) keeps those. livekit-server 1.11 leaves it out without a word.
        type: dict
        suboptions: &destination
          raw:
            description: A SIP URI. It is mutually exclusive with C(values).
            type: str
          values:
            description: The parts of a SIP URI.
            type: dict
            suboptions:
              user:
                description: User or number.
                type: str
              host:
                description: Host name.
                type: str
              ip:
                description: Address, where there is no host.
                type: str
              port:
                description: Port. Without it, that of the transport.
                type: int
              transport:
                description: Transport. It must be the trunk's, or one of the two V(auto).
                type: str
                choices: [auto, udp, tcp, tls]
      to_header:
        description:
          - The header C(To), C(sip_to_header) of the request. livekit-sip takes no call with it, because it does not
            take it together with O(outbound.to), and livekit-server takes no call without that.
        type: dict
        suboptions: &named
          display_name:
            description: Display name.
            type: str
          <<: *destination
      from_header:
        description:
          - The header C(From), C(sip_from_header) of the request, in place of O(outbound.from_number) at the trunk's
            C(from_host). livekit-server asks for a number all the same. livekit-server 1.11 leaves it out without a
            word.
        type: dict
        suboptions: *named
      to:
        description: Number that is called, in quotes, C(sip_call_to) of the request.
        type: raw
        required: true
      to_user_override:
        description:
          - User in the header C(To) in place of O(outbound.to), which is called all the same. From livekit-server
            1.13.6 and livekit-sip 1.11 on. Older ones leave it out without a word.
        type: str
      from_number:
        description:
          - Number that the callee sees, in quotes, C(sip_number) of the request. Without it, a number of the trunk.
        type: raw
      display_name:
        description: Name that the callee sees. Without it, the number. An empty one is not sent.
        type: str
      headers:
        description: SIP headers of the INVITE. Their values are not shown.
        type: dict
      include_headers:
        description: Headers of the answer that become attributes of the participant.
        type: str
        choices: [no_headers, x_headers, all_headers]
      hide_phone_number:
        description: Whether the participant's attributes lack the numbers. The callee sees the caller's all the same.
        type: bool
        default: false
      media_encryption:
        description: Encryption of the audio. O(outbound.media) counts where both have it.
        type: str
        choices: [disable, allow, require]
      media:
        description:
          - Codecs, encryption and silence of the call. Codecs of a request replace the trunk's. Without any,
            C(only_listed_codecs) is the trunk's too. livekit-server 1.11 leaves it out without a word.
        type: dict
        suboptions:
          only_listed_codecs:
            description: Whether only O(outbound.media.codecs) are offered.
            type: bool
          codecs:
            description: Codecs besides those that livekit-sip offers by itself.
            type: list
            elements: dict
            suboptions:
              name:
                description: Name as in SDP, with or without the rate, such as V(PCMU) or V(PCMU/8000).
                type: str
                required: true
              rate:
                description: Clock rate.
                type: int
          encryption:
            description: Encryption of the audio.
            type: str
            choices: [disable, allow, require]
          media_timeout:
            description: Silence after which the call ends, such as V(30s), at most ten minutes.
            type: str
      destination:
        description: Where the callee is. Only LiveKit Cloud does something with it.
        type: dict
        suboptions:
          city:
            description: City. It needs a country or a region.
            type: str
          country:
            description: Country in two capital letters.
            type: str
          region:
            description: Region.
            type: str
      ringing_timeout:
        description: How long it rings at most, such as V(30s).
        type: str
      max_call_duration:
        description: Maximum call duration from the INVITE on, such as V(1h).
        type: str
      dtmf:
        description: Digits that are sent after the answer, in quotes. V(w) waits half a second.
        type: str
      wait_until_answered:
        description: Whether the request returns only when the callee has answered.
        type: bool
        default: false
      room_name:
        description: Room that the callee joins. Not judged if it is left out.
        type: str
      participant_identity:
        description: Identity of the callee in the room.
        type: str
  server_version:
    description:
      - Version of livekit-server, such as V(1.13.8). The API does not tell it, and what the caller of a refused call
        hears depends on it, as does O(outbound.to_user_override).
      - Without it, RV(hears) has both answers.
    type: str
  inbound_trunks:
    description:
      - Inbound trunks as O(telephony.livekit.livekit_sip_routing#module:inbound_trunks).
    type: list
    elements: dict
  outbound_trunks:
    description:
      - Outbound trunks as O(telephony.livekit.livekit_sip_routing#module:outbound_trunks).
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
      outbound_trunks:
        description: Outbound trunks.
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

- name: Explain an outbound call
  telephony.livekit.livekit_sip_call_info:
    outbound:
      trunk: provider
      to: "+12025550150"
      ringing_timeout: 30s
      wait_until_answered: true
    outbound_trunks:
      - name: provider
        address: sip.example.com
        transport: tls
        numbers: ["+12025550100"]
  register: outbound

- name: See that livekit-server and livekit-sip would take it
  ansible.builtin.assert:
    that: outbound.result == "send"
    fail_msg: "{{ outbound.text }}"
"""

RETURN = r"""
result:
  description:
    - V(accept), V(request_pin), V(refuse) (no rule takes the call) or V(error) (livekit-server cannot decide).
    - With O(outbound), V(send) (livekit-sip sends an INVITE) or V(refuse) (see RV(refused_by)).
  returned: success
  type: str
  sample: accept
trunk:
  description:
    - Name and id of the trunk that matches the call, or that O(outbound) names, or null. O(outbound.inline_trunk) has
      neither. The id is empty if the trunk is not stored yet.
  returned: success
  type: dict
  sample: {name: twilio, id: ST_N5oXHia9B4dW}
rule:
  description: Name and id of the rule that takes the call, or null, likewise.
  returned: success, of an inbound call
  type: dict
  sample: {name: twilio, id: SDR_Ujw3qGJCGGpC}
room:
  description: Name of the room, with C(<random>) for what livekit-server makes up. Empty without a room.
  returned: success, of an inbound call
  type: str
  sample: call-_+12025550199_<random>
agents:
  description: Names of the agents that are dispatched to the room.
  returned: success, of an inbound call
  type: list
  elements: str
  sample: [voice-agent]
error:
  description: Why livekit-server cannot decide the call. Empty if it can.
  returned: success, of an inbound call
  type: str
hears:
  description: SIP answers that the caller gets, in their order.
  returned: success, of an inbound call
  type: str
  sample: 100, 180, then 404 Does not match Trunks or Dispatch Rules
other_trunks:
  description: Each trunk that does not match the call.
  returned: success, of an inbound call
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
  returned: success, of an inbound call
  type: list
  elements: dict
  contains: *other
findings:
  description:
    - What is wrong with trunks and rules that take the call, or nearly do, or with the trunk of an outbound call. The
      worst comes first.
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
refused_by:
  description: Who refuses the request, V(livekit-server) or V(livekit-sip). Empty if nobody does.
  returned: success, with O(outbound)
  type: str
sent:
  description: What reaches the provider. Null without a trunk.
  returned: success, with O(outbound)
  type: dict
  contains:
    request_uri:
      description: Request-URI of the INVITE, without a password. Empty if livekit-sip can make none.
      type: str
      sample: sip:+12025550150@sip.example.com;transport=tls
    to_uri:
      description: URI of the header C(To).
      type: str
      sample: sip:+12025550150@sip.example.com;transport=tls
    host:
      description:
        - Host of RV(sent.request_uri), where the INVITE goes. A name is looked up as an address, and as C(SRV) only if
          it has none.
      type: str
      sample: sip.example.com
    port:
      description: Port of RV(sent.request_uri), else 5061 with tls and 5060 without.
      type: int
      sample: 5061
    transport:
      description: V(udp), V(tcp) or V(tls).
      type: str
      sample: tls
    numbers:
      description:
        - Number that the callee sees. Of several, livekit-server takes one at random for each call. V(*) is nothing but
          a number here. Where the trunk's address ends in C(twilio.com), a number without a plus sign gets one.
      type: list
      elements: str
      sample: ["+12025550100"]
    number_given_by:
      description: V(request) or V(trunk).
      type: str
      sample: trunk
    display_name:
      description: Display name in C(From). Null stands for the number. An empty one is not sent.
      type: str
    from_host:
      description:
        - Host in C(From), that of O(outbound.from_header), else C(from_host) of the trunk. If it is empty, livekit-sip
          takes its own signalling address, or with tls its C(sip_hostname).
      type: str
    headers:
      description:
        - Headers of the INVITE, each with C(name), C(given_by) (V(request) or V(trunk)) and C(replaces), whether the
          request's one is sent in place of the trunk's. Names are compared with their case.
        - The trunk's C(attributes_to_headers) are headers of the BYE, not of the INVITE.
      type: list
      elements: dict
    include_headers:
      description: Headers of the answer that become attributes of the participant.
      type: str
      sample: no_headers
    headers_to_attributes:
      description: Headers of the answer, and the attributes that they become, of the trunk.
      type: dict
    attributes_to_headers:
      description: Attributes, and the headers of the BYE that they become, of the trunk.
      type: dict
    auth_username:
      description:
        - Username for a provider that asks for a password. Empty if the trunk has only one of username and password, or
          none. The call ends then.
      type: str
    encryption:
      description: V(disable), V(allow) or V(require).
      type: str
      sample: disable
    media:
      description: What is offered, V(RTP/AVP) or V(RTP/SAVP) (encrypted, with V(allow) as with V(require)).
      type: str
      sample: RTP/AVP
    codecs:
      description: Audio codecs that are offered, in no order.
      type: list
      elements: str
      sample: [PCMU, PCMA, G722]
    media_timeout:
      description: Silence after which the call ends, of request or trunk. Empty if it is livekit-sip's own.
      type: str
    destination:
      description: The request's. Only LiveKit Cloud does something with it.
      type: dict
    destination_country:
      description: The trunk's. Only LiveKit Cloud does something with it.
      type: str
    ringing_timeout:
      description:
        - How long it rings at most. 3 minutes if nothing is given, not longer than RV(sent.max_call_duration), and with
          O(outbound.wait_until_answered) 80 seconds.
      type: str
      sample: 180s
    max_call_duration:
      description: How long the call lasts at most, from the INVITE on. 24 hours if nothing or more is given.
      type: str
      sample: 86400s
    dtmf:
      description: Digits that are sent after the answer.
      type: str
    waits_until_answered:
      description: Whether the request returns only when the callee has answered.
      type: bool
    participant_identity:
      description: Identity of the callee in the room.
      type: str
      sample: sip_+12025550150
    hides_numbers_in_room:
      description: Whether the participant's attributes lack the numbers.
      type: bool
problems:
  description:
    - What of the outbound call cannot work, or is probably not what is meant. The worst comes first.
  returned: success, with O(outbound)
  type: list
  elements: dict
  contains:
    code:
      description:
        - A stable name of the kind of problem, such as V(number_foreign). C(docs/dial-plan.md) of the collection lists
          them.
      type: str
    severity:
      description: V(error) if the request is refused, else V(warning).
      type: str
    refused_by:
      description: V(livekit-server), V(livekit-sip), or empty if the call goes out.
      type: str
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
