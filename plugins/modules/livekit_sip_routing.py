#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: livekit_sip_routing
short_description: Manage all SIP trunks and dispatch rules on a LiveKit server in one run
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Plans and applies changes to trunks and dispatch rules together, so that numbers can move between trunks, and trunks
    can be created and deleted together with their rules. The changes are ordered so that no two objects ever claim the
    same call and no trunk is left open.
  - Unlisted objects are not changed, unless O(purge=true).
extends_documentation_fragment:
  - telephony.livekit._connection
  - telephony.livekit._attributes
  - telephony.livekit._attributes.actiongroup_livekit
options:
  inbound_trunks:
    description:
      - Trunks that accept calls. Each has the options of M(telephony.livekit.livekit_sip_trunk) for one inbound trunk.
      - If omitted, inbound trunks are neither managed nor purged.
    type: list
    elements: dict
  outbound_trunks:
    description:
      - Trunks that place calls. Each has the options of M(telephony.livekit.livekit_sip_trunk) for one outbound trunk.
      - If omitted, outbound trunks are neither managed nor purged.
    type: list
    elements: dict
  dispatch_rules:
    description:
      - Dispatch rules. Each has the options of M(telephony.livekit.livekit_sip_dispatch) for one rule. C(trunks) may
        name trunks in O(inbound_trunks) that this run creates.
      - If omitted, dispatch rules are neither managed nor purged.
    type: list
    elements: dict
  purge:
    description:
      - Delete objects that are not in the given lists.
      - An unlisted inbound trunk with exactly the same numbers as a new trunk is renamed instead.
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
  detach:
    description:
      - Remove a purged trunk from the dispatch rules that name it and are not themselves purged. The module still fails
        if a rule would have no trunk left and would therefore match every call.
    type: bool
    default: false
  update_password:
    description:
      - V(always) compares C(auth_password) of trunks with the stored password.
      - V(on_create) sets the password only on a new trunk, for servers that do not return passwords.
    type: str
    choices: [always, on_create]
    default: always
  assume_empty:
    description:
      - Plan as if the server stored nothing, without connecting to the server. Only for check mode, if the same
        playbook run would create the server.
    type: bool
    default: false
  return_all:
    description:
      - Return every object of each kind for which a list is given, not only those that changed.
    type: bool
    default: false
  expect:
    description:
      - Calls with their expected results, tested against all objects that the server would store after the run,
        including unmanaged objects.
      - If a result differs, nothing is written, with or without check mode, and the failure explains the call as
        M(telephony.livekit.livekit_sip_call_info) does.
      - A call with none of C(trunk), C(rule), C(room), C(agent) and C(refused) must match a rule.
    type: list
    elements: dict
    default: []
    suboptions:
      to:
        description: Called number, in quotes and as the provider sends it.
        type: raw
        required: true
      from:
        description: Calling number, in quotes. If omitted, the number is treated as withheld.
        type: raw
      source:
        description: Source IP address of the call. If omitted, all C(allowed_addresses) allow the call.
        type: str
      from_host:
        description: Host in the C(From) header, which is also compared with C(allowed_addresses).
        type: str
      pin:
        description: Digits, in quotes, that the caller enters when a rule asks for a PIN.
        type: str
      trunk:
        description: Name or id of the trunk that matches the call.
        type: str
      rule:
        description: Name or id of the rule that matches the call.
        type: str
      room:
        description: Prefix of the room's name.
        type: str
      agent:
        description: Name of an agent that is dispatched to the room.
        type: str
      refused:
        description: Whether the call is expected to match no rule. Mutually exclusive with C(trunk), C(rule), C(room)
          and C(agent).
        type: bool
        default: false
seealso:
  - module: telephony.livekit.livekit_sip_call_info
  - module: telephony.livekit.livekit_sip_trunk
  - module: telephony.livekit.livekit_sip_dispatch
"""

EXAMPLES = r"""
- name: Set up one phone line
  telephony.livekit.livekit_sip_routing:
    inbound_trunks:
      - name: twilio
        numbers: ["+12025550100"]
        max_call_duration: 2h
    dispatch_rules:
      - name: twilio
        trunks: [twilio]
        individual:
          room_prefix: call-
        room_config:
          agents:
            - agent_name: voice-agent

- name: Delete all other objects, except one trunk that is managed elsewhere
  telephony.livekit.livekit_sip_routing:
    inbound_trunks:
      - name: twilio
        numbers: ["+12025550100"]
    dispatch_rules:
      - name: twilio
        trunks: [twilio]
        individual:
          room_prefix: call-
    purge: true
    keep:
      inbound_trunks: [laboratory]

- name: Apply the changes only if calls then get the expected results
  telephony.livekit.livekit_sip_routing:
    inbound_trunks:
      - name: twilio
        numbers: ["+12025550100"]
    expect:
      - to: "+12025550100"
        from: "+12025550199"
        trunk: twilio
        rule: twilio
        room: call-
      - to: "+12025550150"
        refused: true
"""

RETURN = r"""
inbound_trunks:
  description:
    - The changed inbound trunks, or all inbound trunks with O(return_all=true), in the form of
      RV(telephony.livekit.livekit_sip_trunk#module:trunk).
  returned: success
  type: list
  elements: dict
outbound_trunks:
  description: The changed outbound trunks, or all with O(return_all=true), in the same form as RV(inbound_trunks).
  returned: success
  type: list
  elements: dict
dispatch_rules:
  description: The changed rules, or all with O(return_all=true), in the form of
    RV(telephony.livekit.livekit_sip_dispatch#module:rule).
  returned: success
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
      object: inbound_trunk
      name: twilio
      id: ST_N5oXHia9B4dW
failure:
  description: Reason for the failure, as in M(telephony.livekit.livekit_sip_trunk).
  returned: failure
  type: dict
"""

from ansible_collections.telephony.livekit.plugins.module_utils._call_info import EXPECT_OPTIONS, expected_calls
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS
from ansible_collections.telephony.livekit.plugins.module_utils._module import (
    CONNECTION_OPTIONS,
    Module,
    desired_tables,
)
from ansible_collections.telephony.livekit.plugins.module_utils._run import converge


def main():
    names = {"type": "list", "elements": "str", "default": []}
    module = Module(
        tables=lambda params: {kind.table: kind for kind in KINDS.values()},
        argument_spec={
            **CONNECTION_OPTIONS,
            **{kind.table: {"type": "list", "elements": "dict"} for kind in KINDS.values()},
            "purge": {"type": "bool", "default": False},
            "keep": {"type": "dict", "options": {kind.table: names for kind in KINDS.values()}},
            "detach": {"type": "bool", "default": False},
            "update_password": {
                "type": "str",
                "choices": ["always", "on_create"],
                "default": "always",
                "no_log": False,
            },
            "assume_empty": {"type": "bool", "default": False},
            "return_all": {"type": "bool", "default": False},
            "expect": {"type": "list", "elements": "dict", "options": EXPECT_OPTIONS, "default": []},
        },
    )
    params = module.params
    outcome = converge(
        module,
        desired_tables(module, KINDS.values()),
        detach=params["detach"],
        update_password=params["update_password"] == "always",
        assume_empty=params["assume_empty"],
        expected=expected_calls(module),
    )
    shown = outcome.shown_all if params["return_all"] else outcome.shown_changes
    result = outcome.result()
    ways = outcome.changed_ways() if module._diff else []
    if ways:
        result["diff"]["prepared"] = "".join(f"{line}\n" for line in ways)
    module.exit_json(**result, **{kind.table: shown(kind) for kind in KINDS.values()})


if __name__ == "__main__":
    main()
