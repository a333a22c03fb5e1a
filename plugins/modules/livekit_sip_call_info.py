#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: livekit_sip_call_info
short_description: Explain the result of an inbound call, or the request of an outbound call
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Evaluates an inbound call like livekit-server, with the trunks and rules that the server stores, and explains why
    the other trunks and rules do not match. No call is placed.
  - With O(outbound), explains a C(CreateSIPParticipant) request instead, with the messages to the provider and the
    problems of the request. This request is not sent.
  - With O(inbound_trunks), O(outbound_trunks) or O(dispatch_rules), the call is evaluated with the objects that the
    server would store after a run of M(telephony.livekit.livekit_sip_routing) with these options. Options that
    M(telephony.livekit.livekit_sip_routing) rejects make this module fail too.
extends_documentation_fragment:
  - telephony.livekit._connection
  - telephony.livekit._attributes.info_module
  - telephony.livekit._attributes.actiongroup_livekit
options:
  to:
    description:
      - Called number, the user part of the SIP header C(To), in quotes and as the provider sends it. Rules compare
        the number character by character.
      - One of O(to) and O(outbound) is required.
    type: raw
  from:
    description:
      - Calling number, the user part of the SIP header C(From). If omitted, the caller hides the number.
    type: raw
  source:
    description:
      - Source IP address of the call. If omitted, the C(allowed_addresses) of every trunk allow the call.
    type: str
  from_host:
    description:
      - Host in the SIP header C(From), which is also compared with C(allowed_addresses).
    type: str
  pin:
    description:
      - Digits, in quotes, that the caller enters when a rule asks for a PIN.
    type: str
  outbound:
    description:
      - Request for an outbound call, with the fields that affect its messages or its result.
      - The behaviour of livekit-server is measured. The behaviour of livekit-sip is taken from the source of
        livekit-sip 1.10 and 1.11, and not measured. C(docs/dial-plan.md) of the collection lists the source of each
        fact.
      - O(outbound) and the options of an inbound call are mutually exclusive.
    type: dict
    suboptions:
      trunk:
        description:
          - Name or id of the outbound trunk. The request itself contains the id, as C(sip_trunk_id). If omitted,
            O(outbound.inline_trunk) is used.
        type: str
      inline_trunk:
        description:
          - Trunk that is not stored, C(trunk) of the request. Such a trunk has no numbers, so O(outbound.from_number)
            is required.
          - With O(outbound.trunk), this option is ignored, except for C(from_host) if the stored trunk has none.
        type: dict
        suboptions:
          hostname:
            description: Host of the provider, with or without a port.
            type: str
          destination_country:
            description: Country of the called number. Only LiveKit Cloud uses it.
            type: str
          transport:
            description: Transport of the call. V(auto) is UDP.
            type: str
            choices: [auto, udp, tcp, tls]
          auth_username:
            description: Username for a provider that asks for a password.
            type: str
          auth_password:
            description: Password for a provider that asks for one.
            type: str
          headers_to_attributes:
            description: Headers of the answer to copy to attributes of the participant; header name to attribute name.
            type: dict
          attributes_to_headers:
            description: Attributes of the participant to copy to headers of the BYE; attribute name to header name.
            type: dict
          from_host:
            description: Host in the header C(From).
            type: str
      request_uri:
        description:
          - Request-URI of the INVITE, C(sip_request_uri) of the request. The default is O(outbound.to) at the trunk's
            host. The header C(To) does not change. livekit-server 1.11 ignores this option without a warning.
        type: dict
        suboptions: &destination
          raw:
            description: A SIP URI. This option and C(values) are mutually exclusive.
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
                description: IP address, if there is no host.
                type: str
              port:
                description: Port. The default is the transport's default port.
                type: int
              transport:
                description: Transport. It must equal the trunk's transport, or one of the two must be V(auto).
                type: str
                choices: [auto, udp, tcp, tls]
      to_header:
        description:
          - The header C(To), C(sip_to_header) of the request. No call works with this option, because livekit-sip
            rejects it together with O(outbound.to), and livekit-server rejects calls without O(outbound.to).
        type: dict
        suboptions: &named
          display_name:
            description: Display name.
            type: str
          <<: *destination
      from_header:
        description:
          - The header C(From), C(sip_from_header) of the request. The default is O(outbound.from_number) at the
            trunk's C(from_host). livekit-server requires a calling number anyway. livekit-server 1.11 ignores this
            option without a warning.
        type: dict
        suboptions: *named
      to:
        description: Called number (C(sip_call_to) of the request), in quotes.
        type: raw
        required: true
      to_user_override:
        description:
          - User in the header C(To) instead of O(outbound.to), which is still the called number. Requires
            livekit-server 1.13.6 and livekit-sip 1.11. Older versions ignore this option without a warning.
        type: str
      from_number:
        description:
          - Number that the callee sees (C(sip_number) of the request), in quotes. The default is a number of the trunk.
        type: raw
      display_name:
        description: Name that the callee sees. The default is the number. An empty name is not sent.
        type: str
      headers:
        description: SIP headers of the INVITE. Their values are not shown.
        type: dict
      include_headers:
        description: Headers of the answer to copy to attributes of the participant.
        type: str
        choices: [no_headers, x_headers, all_headers]
      hide_phone_number:
        description: Whether to omit the numbers from the participant's attributes. The callee still sees the calling
          number.
        type: bool
        default: false
      media_encryption:
        description: Encryption of the audio. O(outbound.media) takes precedence if both have it.
        type: str
        choices: [disable, allow, require]
      media:
        description:
          - Codecs, encryption and media timeout of the call. Codecs of the request replace those of the trunk. If the
            request lists no codecs, the codecs and C(only_listed_codecs) of the trunk apply. livekit-server 1.11
            ignores this option without a warning.
        type: dict
        suboptions:
          only_listed_codecs:
            description: Whether to offer only O(outbound.media.codecs).
            type: bool
          codecs:
            description: Codecs in addition to those that livekit-sip offers by default.
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
            description: Duration of silence after which the call ends, such as V(30s), at most ten minutes.
            type: str
      destination:
        description: Location of the callee. Only LiveKit Cloud uses it.
        type: dict
        suboptions:
          city:
            description: City. It requires a country or a region.
            type: str
          country:
            description: Country code of two capital letters.
            type: str
          region:
            description: Region.
            type: str
      ringing_timeout:
        description: Maximum ringing time, such as V(30s).
        type: str
      max_call_duration:
        description: Maximum call duration, counted from the INVITE, such as V(1h).
        type: str
      dtmf:
        description: Digits to send after the answer, in quotes. V(w) waits half a second.
        type: str
      wait_until_answered:
        description: Whether the request returns only after the callee has answered.
        type: bool
        default: false
      room_name:
        description: Room that the callee joins. Not checked if omitted.
        type: str
      participant_identity:
        description: Identity of the callee in the room.
        type: str
  server_version:
    description:
      - Version of livekit-server, such as V(1.13.8). The API does not report it, but it determines what the caller of
        a rejected call hears, and whether O(outbound.to_user_override) works.
      - If omitted, RV(hears) contains the responses of older and of newer versions.
    type: str
  inbound_trunks:
    description:
      - Inbound trunks, in the form of O(telephony.livekit.livekit_sip_routing#module:inbound_trunks).
    type: list
    elements: dict
  outbound_trunks:
    description:
      - Outbound trunks, in the form of O(telephony.livekit.livekit_sip_routing#module:outbound_trunks).
    type: list
    elements: dict
  dispatch_rules:
    description:
      - Dispatch rules, in the form of O(telephony.livekit.livekit_sip_routing#module:dispatch_rules).
    type: list
    elements: dict
  purge:
    description:
      - Evaluate the call as if objects that the given lists do not name were deleted.
    type: bool
    default: false
  keep:
    description:
      - Objects that O(purge) keeps, by name or id.
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
      - Evaluate the call as if the server stored nothing, without connecting to the server.
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

- name: Explain a call to a line that does not exist yet
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

- name: Check that livekit-server and livekit-sip accept it
  ansible.builtin.assert:
    that: outbound.result == "send"
    fail_msg: "{{ outbound.text }}"
"""

RETURN = r"""
result:
  description:
    - V(accept), V(request_pin), V(refuse) (no rule matches the call) or V(error) (livekit-server cannot decide).
    - With O(outbound), V(send) (livekit-sip sends an INVITE) or V(refuse) (see RV(refused_by)).
  returned: success
  type: str
  sample: accept
trunk:
  description:
    - Name and id of the trunk that matches the call or that O(outbound) names. Null if there is no such trunk, and for
      O(outbound.inline_trunk). The id is empty if the trunk is not stored yet.
  returned: success
  type: dict
  sample: {name: twilio, id: ST_N5oXHia9B4dW}
rule:
  description: Name and id of the rule that matches the call, or null. The id is empty if the rule is not stored yet.
  returned: success, of an inbound call
  type: dict
  sample: {name: twilio, id: SDR_Ujw3qGJCGGpC}
room:
  description: Name of the room, with C(<random>) for the part that livekit-server generates. Empty if there is no room.
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
  description: Reason why livekit-server cannot decide the call. Empty if it can decide the call.
  returned: success, of an inbound call
  type: str
hears:
  description: SIP responses to the caller, in order.
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
      description: Name of the trunk or rule.
      type: str
    id:
      description: Id of the trunk or rule. Empty if the object is not stored yet.
      type: str
    code:
      description: One of V(number), V(caller), V(source), V(trunk), V(pin) and V(priority).
      type: str
    reason:
      description: The first reason why the trunk or rule does not match, with the decisive value.
      type: str
other_rules:
  description: Each rule that does not match the call.
  returned: success, of an inbound call
  type: list
  elements: dict
  contains: *other
findings:
  description:
    - Problems of the trunks and rules that match or nearly match the call, or of the trunk of an outbound call, the
      most severe first.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: A stable name of the kind of finding, such as V(rule_number_form).
      type: str
    severity:
      description:
        - V(error) if calls fail, V(warning) if the finding is probably not intended, V(note) if it is worth knowing.
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
refused_by:
  description: The program that rejects the request, V(livekit-server) or V(livekit-sip). Empty if both accept it.
  returned: success, with O(outbound)
  type: str
sent:
  description: What livekit-sip sends to the provider, and the settings of the call. Null if the request has no trunk.
  returned: success, with O(outbound)
  type: dict
  contains:
    request_uri:
      description: Request-URI of the INVITE, without a password. Empty if livekit-sip cannot build one.
      type: str
      sample: sip:+12025550150@sip.example.com;transport=tls
    to_uri:
      description: URI of the header C(To).
      type: str
      sample: sip:+12025550150@sip.example.com;transport=tls
    host:
      description:
        - Host of RV(sent.request_uri), to which the INVITE is sent. A name is looked up as an address, and as
          C(SRV) only if it has no address.
      type: str
      sample: sip.example.com
    port:
      description: Port of RV(sent.request_uri). The default is 5061 with tls, otherwise 5060.
      type: int
      sample: 5061
    transport:
      description: Transport of the INVITE, V(udp), V(tcp) or V(tls).
      type: str
      sample: tls
    numbers:
      description:
        - Numbers that the callee may see. If there are several, livekit-server picks one at random for each call. V(*)
          is an ordinary number here. If the trunk's address ends in C(twilio.com), a number without a plus sign gets
          one.
      type: list
      elements: str
      sample: ["+12025550100"]
    number_given_by:
      description: The source of RV(sent.numbers), V(request) or V(trunk).
      type: str
      sample: trunk
    display_name:
      description: Display name in C(From). Null means the number. An empty name is not sent.
      type: str
    from_host:
      description:
        - Host in C(From), from O(outbound.from_header), or else C(from_host) of the trunk. If it is empty,
          livekit-sip uses its own signalling address, or with tls its C(sip_hostname).
      type: str
    headers:
      description:
        - Headers of the INVITE, each with C(name), C(given_by) (V(request) or V(trunk)) and C(replaces), which is
          true if the header of the request replaces that of the trunk. Names are case-sensitive.
        - The trunk's C(attributes_to_headers) are headers of the BYE, not of the INVITE.
      type: list
      elements: dict
    include_headers:
      description: Headers of the answer to copy to attributes of the participant.
      type: str
      sample: no_headers
    headers_to_attributes:
      description: Headers of the answer to copy to attributes, from the trunk.
      type: dict
    attributes_to_headers:
      description: Attributes to copy to headers of the BYE, from the trunk.
      type: dict
    auth_username:
      description:
        - Username for a provider that asks for a password. Empty if the trunk lacks username or password. In that
          case the call fails.
      type: str
    encryption:
      description: Encryption of the audio, V(disable), V(allow) or V(require).
      type: str
      sample: disable
    media:
      description: The offer, V(RTP/AVP) or V(RTP/SAVP) (encrypted, with V(allow) and with V(require)).
      type: str
      sample: RTP/AVP
    codecs:
      description: Offered audio codecs, in no particular order.
      type: list
      elements: str
      sample: [PCMU, PCMA, G722]
    media_timeout:
      description: Duration of silence after which the call ends, from the request or the trunk. Empty means
        livekit-sip's default.
      type: str
    destination:
      description: Location of the callee, from the request. Only LiveKit Cloud uses it.
      type: dict
    destination_country:
      description: Country of the called number, from the trunk. Only LiveKit Cloud uses it.
      type: str
    ringing_timeout:
      description:
        - Maximum ringing time. The default is 3 minutes. The upper limit is RV(sent.max_call_duration), and with
          O(outbound.wait_until_answered) also 80 seconds.
      type: str
      sample: 180s
    max_call_duration:
      description: Maximum call duration, counted from the INVITE. The default and the upper limit are 24 hours.
      type: str
      sample: 86400s
    dtmf:
      description: Digits to send after the answer.
      type: str
    waits_until_answered:
      description: Whether the request returns only after the callee has answered.
      type: bool
    participant_identity:
      description: Identity of the callee in the room.
      type: str
      sample: sip_+12025550150
    hides_numbers_in_room:
      description: Whether to omit the numbers from the participant's attributes.
      type: bool
problems:
  description:
    - Problems of the outbound call that make it fail or are probably not intended, the most severe first.
  returned: success, with O(outbound)
  type: list
  elements: dict
  contains:
    code:
      description:
        - A stable name of the kind of problem, such as V(number_foreign). C(docs/dial-plan.md) of the collection lists
          all problems.
      type: str
    severity:
      description: V(error) if the request is rejected, otherwise V(warning).
      type: str
    refused_by:
      description: The program that rejects the request, V(livekit-server) or V(livekit-sip). Empty if the call is sent.
      type: str
    cause:
      description: The problem.
      type: str
    fix:
      description: The fix.
      type: str
text:
  description: The whole explanation as human-readable text.
  returned: success
  type: str
failure:
  description: Reason for the failure, as in M(telephony.livekit.livekit_sip_trunk).
  returned: failure
  type: dict
"""

from ansible_collections.telephony.livekit.plugins.module_utils._call_info import run_call_info_module


def main():
    run_call_info_module()


if __name__ == "__main__":
    main()
