# SPDX-License-Identifier: GPL-3.0-or-later
"""The double against the real livekit-server, on requests beyond the recording: side by side, each answer the same."""

from __future__ import annotations

import json
import re

import pytest

from tests.doubles.livekit_api import LiveKitApi

ONE, TWO, THREE = "+12025550101", "+12025550102", "+12025550103"
DIRECT = {"dispatch_rule_direct": {"room_name": "r"}}
OUTBOUND = {"address": "sip.example.com", "numbers": [ONE]}
# "$a" is the id of the first object that was created, and so on.
REQUESTS = [
    ("CreateSIPInboundTrunk", {"trunk": {"name": "a", "numbers": [ONE], "media_encryption": 2}}),
    ("CreateSIPInboundTrunk", {"trunk": {"name": "b", "numbers": [TWO], "media": {}}}),
    ("CreateSIPInboundTrunk", {"trunk": {"name": "any", "allowed_addresses": ["198.51.100.0/26"]}}),
    ("CreateSIPInboundTrunk", {"trunk": {"name": "any", "allowed_addresses": ["198.51.100.64/26"]}}),
    # replace: compared only if the stored trunk has one of the new numbers already
    ("UpdateSIPInboundTrunk", {"sip_trunk_id": "$b", "replace": {"numbers": [TWO, ONE]}}),
    ("UpdateSIPInboundTrunk", {"sip_trunk_id": "$b", "replace": {"numbers": ["1 202 555 0102"], "name": "b"}}),
    ("UpdateSIPInboundTrunk", {"sip_trunk_id": "$any", "replace": {"numbers": [ONE]}}),
    ("UpdateSIPInboundTrunk", {"sip_trunk_id": "$b", "replace": {"allowed_addresses": ["198.51.100.1"]}}),
    ("UpdateSIPInboundTrunk", {"sip_trunk_id": "$b", "replace": {"sip_trunk_id": "$a", "numbers": [TWO]}}),
    ("UpdateSIPInboundTrunk", {"sip_trunk_id": "$b", "replace": {}}),
    ("UpdateSIPInboundTrunk", {"sip_trunk_id": "$b"}),
    ("UpdateSIPInboundTrunk", {"replace": {"numbers": [TWO]}}),
    ("UpdateSIPInboundTrunk", {"sip_trunk_id": "$b", "update": {"numbers": {"add": [THREE]}, "name": "b2"}}),
    ("UpdateSIPInboundTrunk", {"sip_trunk_id": "$b", "update": {"numbers": {"set": [TWO], "clear": True}}}),
    ("UpdateSIPInboundTrunk", {"sip_trunk_id": "$b", "update": {"media_encryption": "SIP_MEDIA_ENCRYPT_ALLOW"}}),
    ("CreateSIPInboundTrunk", {"trunk": {"numbers": [TWO, ONE], "allowed_numbers": [THREE], "name": "c"}}),
    ("CreateSIPInboundTrunk", {"trunk": {"numbers": [TWO], "allowed_numbers": ["1-202-555-0103"], "name": "d"}}),
    ("CreateSIPInboundTrunk", {"trunk": {"numbers": [THREE], "headers": {"X:Y": "1"}}}),
    ("CreateSIPInboundTrunk", {"trunk": {"numbers": [THREE], "headers_to_attributes": {"": "1"}}}),
    ("CreateSIPInboundTrunk", {"trunk": {"numbers": [THREE], "media": {"codecs": [{"name": "a/b"}]}}}),
    ("CreateSIPInboundTrunk", {"trunk": {"numbers": [THREE], "media": {"codecs": [{"rate": 8000}]}}}),
    ("CreateSIPInboundTrunk", {"trunk": {"numbers": [THREE], "media": {"media_timeout": "-1s"}}}),
    ("CreateSIPInboundTrunk", {"trunk": {"numbers": [THREE], "krisp_enabled": "yes"}}),
    ("CreateSIPInboundTrunk", {"trunk": {"numbers": [THREE], "metadata": None, "name": "null is nothing"}}),
    ("CreateSIPOutboundTrunk", {"trunk": {**OUTBOUND, "name": "o", "from_host": "a@b"}}),
    ("CreateSIPOutboundTrunk", {"trunk": {**OUTBOUND, "name": "o", "address": "a;transport=tcp"}}),
    ("CreateSIPOutboundTrunk", {"trunk": {"numbers": [ONE]}}),
    ("CreateSIPOutboundTrunk", {"trunk": {**OUTBOUND, "name": "o", "transport": 3}}),
    ("GetSIPOutboundTrunk", {"sip_trunk_id": "$o"}),
    ("GetSIPOutboundTrunk", {"sip_trunk_id": "$a"}),
    ("UpdateSIPOutboundTrunk", {"sip_trunk_id": "$o", "replace": {**OUTBOUND, "name": "o2"}}),
    ("UpdateSIPOutboundTrunk", {"sip_trunk_id": "$o", "update": {"numbers": {"remove": [ONE], "add": [TWO]}}}),
    ("UpdateSIPOutboundTrunk", {"sip_trunk_id": "ST_no", "replace": OUTBOUND}),
    ("ListSIPOutboundTrunk", {"numbers": [TWO]}),
    ("ListSIPOutboundTrunk", {"numbers": ["1 202 555 0102"]}),
    ("ListSIPInboundTrunk", {"trunk_ids": ["$a", "$b"]}),
    ("ListSIPInboundTrunk", {"numbers": ["1 202 555 0101"]}),
    ("ListSIPInboundTrunk", {"page": {"after_id": "ST_~"}}),
    ("CreateSIPDispatchRule", {"rule": DIRECT, "name": "flat", "trunk_ids": ["$a"], "numbers": [ONE]}),
    ("CreateSIPDispatchRule", {"dispatch_rule": {"rule": DIRECT, "name": "other", "trunk_ids": ["$b"]}}),
    ("CreateSIPDispatchRule", {"dispatch_rule": {"rule": DIRECT, "sip_dispatch_rule_id": "SDR_mine"}}),
    ("CreateSIPDispatchRule", {"dispatch_rule": {"rule": DIRECT, "name": "enc", "media_encryption": 1}}),
    # replace: compared with the rules of the new trunks, among which the stored rule may not be
    ("UpdateSIPDispatchRule", {"sip_dispatch_rule_id": "$flat", "replace": {"rule": DIRECT, "trunk_ids": ["$a"]}}),
    ("UpdateSIPDispatchRule", {"sip_dispatch_rule_id": "$other", "replace": {"rule": DIRECT, "trunk_ids": ["$a"]}}),
    ("UpdateSIPDispatchRule", {"sip_dispatch_rule_id": "$flat", "replace": {"rule": DIRECT, "trunk_ids": ["$b"]}}),
    ("UpdateSIPDispatchRule", {"sip_dispatch_rule_id": "$flat", "update": {"attributes": {"a": "1", "b": "2"}}}),
    ("UpdateSIPDispatchRule", {"sip_dispatch_rule_id": "$flat", "update": {"attributes": {"a": ""}, "name": "z"}}),
    ("UpdateSIPDispatchRule", {"sip_dispatch_rule_id": "$flat", "replace": {"name": "no rule"}}),
    ("ListSIPDispatchRule", {"dispatch_rule_ids": ["$flat"]}),
    ("ListSIPDispatchRule", {"trunk_ids": ["$b"]}),
    ("DeleteSIPDispatchRule", {"sip_dispatch_rule_id": "$flat"}),
    ("DeleteSIPDispatchRule", {}),
    ("DeleteSIPTrunk", {}),
    ("DeleteSIPTrunk", {"sip_trunk_id": "$b"}),
    ("GetSIPInboundTrunk", {"sip_trunk_id": "$b"}),
    ("ListSIPInboundTrunk", {}),
    ("ListSIPDispatchRule", {}),
]


def play(server) -> list:
    """Status and body of each request, with names in place of ids."""
    ids: dict[str, str] = {}
    found = []
    for rpc, body in REQUESTS:
        text = re.sub(r"\$(\w+)", lambda match: ids[match[1]], json.dumps(body))
        status, answer = server.twirp("SIP", rpc, json.loads(text))
        if status == 200 and rpc.startswith("Create"):
            ids[answer["name"]] = answer.get("sip_trunk_id") or answer["sip_dispatch_rule_id"]
        if isinstance(answer, dict) and isinstance(answer.get("items"), list):
            answer["items"].sort(key=lambda item: item["name"])
        answer = json.dumps(answer, sort_keys=True)
        for name, key in ids.items():
            answer = answer.replace(key, f"${name}")
        answer = json.loads(answer)
        if status == 400 and '"' in answer["msg"]:
            # two objects conflict, and it is chance from whose side it is told
            answer["msg"] = answer["msg"].partition('"')[0]
        found.append((status, answer))
    return found


@pytest.fixture(scope="module")
def answers(running_livekit):
    running_livekit.flush()
    with LiveKitApi() as double:
        return play(running_livekit), play(double)


@pytest.mark.parametrize("number", range(len(REQUESTS)), ids=[f"{n}-{rpc}" for n, (rpc, _) in enumerate(REQUESTS)])
def test_double_and_server_answer_alike(answers, number):
    real, double = (side[number] for side in answers)
    assert double == real, REQUESTS[number]
