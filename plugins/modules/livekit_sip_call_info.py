#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: livekit_sip_call_info
short_description: Explain the result of an inbound call, or the request for an outbound call
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Evaluates an inbound call as livekit-server does, with the trunks and rules that the server stores, and explains why
    the other trunks and rules do not match. No call is placed.
  - With O(outbound), explains a C(CreateSIPParticipant) request instead, including the messages to the provider and the
    problems with the request. The request is not sent.
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
      - Called number (the user part of the C(To) header), in quotes and as the provider sends it. Rules compare the
        number character by character.
      - One of O(to) and O(outbound) is required.
    type: raw
  from:
    description:
      - Calling number (the user part of the C(From) header). If omitted, the number is treated as withheld.
    type: raw
  source:
    description:
      - Source IP address of the call. If omitted, the C(allowed_addresses) of every trunk allow the call.
    type: str
  from_host:
    description:
      - Host in the C(From) header, which is also compared with C(allowed_addresses).
    type: str
  pin:
    description:
      - Digits, in quotes, that the caller enters when a rule asks for a PIN.
    type: str
  outbound:
    description:
      - Request for an outbound call, with the fields that affect its messages or its result.
      - The behaviour of livekit-server has been measured. The behaviour of livekit-sip is taken from the source code of
        livekit-sip 1.10 and 1.11, and has not been measured. The collection's C(docs/dial-plan.md) lists the source of
        each fact.
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
          - Trunk that is not stored on the server (C(trunk) in the request). Such a trunk has no numbers, so
            O(outbound.from_number) is required.
          - With O(outbound.trunk), this option is ignored, except for C(from_host) if the stored trunk has none.
        type: dict
        suboptions:
          hostname:
            description: Host of the provider, with or without a port.
            type: str
          destination_country:
            description: Country of the called number. Used only by LiveKit Cloud.
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
            description: Headers to copy from the answer to attributes of the participant. Keys are header names, and
              values are attribute names.
            type: dict
          attributes_to_headers:
            description: Attributes to copy from the participant to headers of the BYE. Keys are attribute names, and
              values are header names.
            type: dict
          from_host:
            description: Host in the C(From) header.
            type: str
      request_uri:
        description:
          - Request-URI of the INVITE (C(sip_request_uri) in the request). The default is O(outbound.to) at the trunk's
            host. The C(To) header does not change. livekit-server 1.11 ignores this option without a warning.
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
                description: Transport. It must match the trunk's transport, unless one of the two is V(auto).
                type: str
                choices: [auto, udp, tcp, tls]
      to_header:
        description:
          - The C(To) header (C(sip_to_header) in the request). No call works with this option, because livekit-sip
            rejects it together with O(outbound.to), and livekit-server rejects calls without O(outbound.to).
        type: dict
        suboptions: &named
          display_name:
            description: Display name.
            type: str
          <<: *destination
      from_header:
        description:
          - The C(From) header (C(sip_from_header) in the request). The default is O(outbound.from_number) at the
            trunk's C(from_host). livekit-server requires a calling number anyway. livekit-server 1.11 ignores this
            option without a warning.
        type: dict
        suboptions: *named
      to:
        description: Called number (C(sip_call_to) in the request), in quotes.
        type: raw
        required: true
      to_user_override:
        description:
          - User in the C(To) header instead of O(outbound.to), which is still the called number. Requires
            livekit-server 1.13.6 and livekit-sip 1.11. Older versions ignore this option without a warning.
        type: str
      from_number:
        description:
          - Number that the callee sees (C(sip_number) in the request), in quotes. The default is a number of the trunk.
        type: raw
      display_name:
        description: Name that the callee sees. The default is the number. An empty name is not sent.
        type: str
      headers:
        description: SIP headers of the INVITE. Their values are not shown.
        type: dict
      include_headers:
        description: Headers to copy from the answer to attributes of the participant.
        type: str
        choices: [no_headers, x_headers, all_headers]
      hide_phone_number:
        description: Whether to omit the numbers from the participant's attributes. The callee still sees the calling
          number.
        type: bool
        default: false
      media_encryption:
        description: Encryption of the audio. O(outbound.media) takes precedence if it also sets the encryption.
        type: str
        choices: [disable, allow, require]
      media:
        description:
          - Codecs, encryption and media timeout of the call. Codecs in the request replace those of the trunk. If the
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
        description: Location of the callee. Used only by LiveKit Cloud.
        type: dict
        suboptions:
          city:
            description: City. Requires a country or a region.
            type: str
          country:
            description: Two-letter country code in capitals.
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
        description: Digits, in quotes, to send after the answer. V(w) waits half a second.
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
      - Version of livekit-server, such as V(1.13.8), which the API does not report. The version determines what the
        caller hears when a call is rejected, and whether O(outbound.to_user_override) works.
      - If omitted, RV(hears) contains the responses of both older and newer versions.
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
      - Evaluate the call as if objects that are not in the given lists were deleted.
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
    - V(accept), V(request_pin), V(refuse) (no rule matches the call) or V(error) (livekit-server cannot decide what to
      do with the call).
    - With O(outbound), V(send) (livekit-sip sends an INVITE) or V(refuse) (see RV(refused_by)).
  returned: success
  type: str
  sample: accept
trunk:
  description:
    - Name and id of the trunk that matches the call or that O(outbound) names. Null without such a trunk, or if
      O(outbound.inline_trunk) is used. The id is empty if the trunk is not stored yet.
  returned: success
  type: dict
  sample: {name: twilio, id: ST_N5oXHia9B4dW}
rule:
  description: Name and id of the rule that matches the call, or null. The id is empty if the rule is not stored yet.
  returned: success, for an inbound call
  type: dict
  sample: {name: twilio, id: SDR_Ujw3qGJCGGpC}
room:
  description: Name of the room, with C(<random>) for the part that livekit-server generates. Empty if there is no room.
  returned: success, for an inbound call
  type: str
  sample: call-_+12025550199_<random>
agents:
  description: Names of the agents that are dispatched to the room.
  returned: success, for an inbound call
  type: list
  elements: str
  sample: [voice-agent]
error:
  description: Reason why livekit-server cannot decide what to do with the call. Empty if it can.
  returned: success, for an inbound call
  type: str
hears:
  description: SIP responses to the caller, in order.
  returned: success, for an inbound call
  type: str
  sample: 100, 180, then 404 Does not match Trunks or Dispatch Rules
other_trunks:
  description: Each trunk that does not match the call.
  returned: success, for an inbound call
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
  returned: success, for an inbound call
  type: list
  elements: dict
  contains: *other
findings:
  description:
    - Problems with the trunks and rules that match or nearly match the call, or with the trunk of an outbound call, the
      most severe first.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: A stable name for the kind of finding, such as V(rule_number_form).
      type: str
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
refused_by:
  description: The program that rejects the request, V(livekit-server) or V(livekit-sip). Empty if both accept the
    request.
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
      description: URI in the C(To) header.
      type: str
      sample: sip:+12025550150@sip.example.com;transport=tls
    host:
      description:
        - Host of RV(sent.request_uri), to which the INVITE is sent. A name is resolved to an address, and looked up as
          C(SRV) only if the name has no address.
      type: str
      sample: sip.example.com
    port:
      description: Port of RV(sent.request_uri). The default is 5061 with TLS, otherwise 5060.
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
      description: Display name in C(From). Null means that the number is shown. An empty name is not sent.
      type: str
    from_host:
      description:
        - Host in C(From), taken from O(outbound.from_header) if that is set, otherwise from C(from_host) of the trunk.
          If the host is empty, livekit-sip uses its own signalling address, or its C(sip_hostname) with TLS.
      type: str
    headers:
      description:
        - Headers of the INVITE, each with C(name), C(given_by) (V(request) or V(trunk)) and C(replaces), which is true
          if a header in the request replaces the trunk's header with the same name. Names are case-sensitive.
        - The trunk's C(attributes_to_headers) set headers of the BYE, not of the INVITE.
      type: list
      elements: dict
    include_headers:
      description: Headers to copy from the answer to attributes of the participant.
      type: str
      sample: no_headers
    headers_to_attributes:
      description: Headers to copy from the answer to attributes, as set in the trunk.
      type: dict
    attributes_to_headers:
      description: Attributes to copy to headers of the BYE, as set in the trunk.
      type: dict
    auth_username:
      description:
        - Username for a provider that asks for a password. Empty if the trunk lacks a username or a password. In that
          case, a call through such a provider fails.
      type: str
    encryption:
      description: Encryption of the audio, V(disable), V(allow) or V(require).
      type: str
      sample: disable
    media:
      description: The offered media profile, V(RTP/AVP), or V(RTP/SAVP) (encrypted) if RV(sent.encryption) is V(allow)
        or V(require).
      type: str
      sample: RTP/AVP
    codecs:
      description: Offered audio codecs, in no particular order.
      type: list
      elements: str
      sample: [PCMU, PCMA, G722]
    media_timeout:
      description: Duration of silence after which the call ends, as set in the request or the trunk. Empty means
        livekit-sip's default.
      type: str
    destination:
      description: Location of the callee, from the request. Used only by LiveKit Cloud.
      type: dict
    destination_country:
      description: Country of the called number, from the trunk. Used only by LiveKit Cloud.
      type: str
    ringing_timeout:
      description:
        - Maximum ringing time. The default is 3 minutes. The upper limit is RV(sent.max_call_duration), or with
          O(outbound.wait_until_answered) 80 seconds if that is shorter.
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
    - Problems with the outbound call that make it fail or are probably unintended, the most severe first.
  returned: success, with O(outbound)
  type: list
  elements: dict
  contains:
    code:
      description:
        - A stable name for the kind of problem, such as V(number_foreign). The collection's C(docs/dial-plan.md) lists
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
