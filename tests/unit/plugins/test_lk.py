# SPDX-License-Identifier: GPL-3.0-or-later
"""Input files of `lk`, in the forms in which they are published."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.telephony.livekit.plugins.filter.from_lk import from_lk

ONE = "+12025550101"
TRUNK = {"name": "t", "numbers": [ONE]}
RULE = {"name": "r", "rule": {"dispatchRuleIndividual": {"roomPrefix": "call-"}}}
RULE_OPTIONS = {"name": "r", "individual": {"room_prefix": "call-"}}


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ({"trunk": TRUNK}, TRUNK),
        ({"dispatchRule": RULE}, RULE_OPTIONS),
        (RULE, RULE_OPTIONS),
        ("\ufeff" + json.dumps({"trunk": TRUNK}), TRUNK),
        ({"items": [TRUNK, RULE]}, [TRUNK, RULE_OPTIONS]),
        ([{"trunk": TRUNK}], [TRUNK]),
        ({"sipTrunkId": "ST_1", "replace": TRUNK}, {**TRUNK, "id": "ST_1"}),
        ({**TRUNK, "createdAt": "2026-11-01T00:00:00Z", "updated_at": {"seconds": 1}}, TRUNK),
        ({**TRUNK, "mediaEncryption": "SIP_MEDIA_ENCRYPT_ALLOW"}, {**TRUNK, "media": {"encryption": "allow"}}),
        ({**TRUNK, "media_encryption": 2}, {**TRUNK, "media": {"encryption": "require"}}),
        ({**TRUNK, "mediaEncryption": "SIP_MEDIA_ENCRYPT_DISABLE"}, TRUNK),
        ({"name": "t", "numbers": ONE}, TRUNK),
        ({"name": "t", "auth_realm": "example"}, {"name": "t", "auth_realm": "example"}),
        ({**TRUNK, "ringingTimeoutStatus": "SIP_STATUS_BUSY_HERE"}, {**TRUNK, "ringing_timeout_status": 486}),
        ({**TRUNK, "ringing_timeout_status": 499}, {**TRUNK, "ringing_timeout_status": 499}),
        ({**TRUNK, "ringing_timeout_status": "SIP_STATUS_UNKNOWN"}, TRUNK),
        (
            {**TRUNK, "media": {"codecs": ["PCMU/8000"]}},
            {**TRUNK, "media": {"codecs": [{"name": "PCMU", "rate": 8000}]}},
        ),
    ],
)
def test_what_is_clear_is_read(content, options):
    assert from_lk(content) == options


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["null"]),
        ([], ["empty"]),
        (["x"], ["[0]"]),
        ("{ // a comment\n}", ["not JSON", "from_yaml"]),
        ({"name": "x"}, ["neither a trunk", "name"]),
        ({"trunk": {**TRUNK, "typo": 1}}, ["inbound trunk 't'", "typo"]),
        ({"trunk": TRUNK, "krispEnabled": True}, ["krisp_enabled", "outside trunk"]),
        ({**TRUNK, "media": {"encription": "x"}}, ["media.encription"]),
        ({**TRUNK, "ringing_timeout_status": "SIP_STATUS_OF_TOMORROW"}, ["ringing_timeout_status", "is invalid"]),
        ({**RULE, "roomConfig": {"krispEnabled": True}}, ["room_config.krisp_enabled"]),
        ({**RULE, "roomConfig": {"agents": [{"agentName": "a", "nmae": "b"}]}}, ["room_config.agents[0].nmae"]),
        ({**RULE, "roomConfig": ["x"]}, ["room_config", "must be a dictionary"]),
        ({**RULE, "media": "x"}, ["media: <hidden> is invalid", "must be a dictionary"]),
        ({**RULE, "attributes": ["a"]}, ["attributes: ['a'] is invalid", "must be a dictionary"]),
        ({**RULE, "rule": {"dispatchRuleDirect": None}}, ["exactly one of"]),
        ({**RULE, "rule": ["x"]}, ["exactly one of"]),
        ({**TRUNK, "numbers": {"a": 1}}, ["numbers: {'a': 1} is invalid", "must be a list of strings"]),
        ({**TRUNK, "ringingTimeout": 30}, ["ringing_timeout: 30 is invalid: it is not a duration", "30s"]),
        ({**TRUNK, "media": {"codecs": [{"name": "PCMU", "rate": "x"}]}}, ["media.codecs[0].rate: 'x' is invalid"]),
        ({**RULE, "rule": {**RULE["rule"], "dispatchRuleDirect": {"roomName": "x"}}}, ["exactly one of"]),
        ({"name": "r", "rule": {"type": "individual"}}, ["r", "rule"]),
        ({"name": "r", "rule": {"room_prefix": "c", "agent_name": "a"}}, ["rule"]),
        ({"name": "r", "rule": {}}, ["exactly one of"]),
        ({"inbound_numbers": [ONE], "outbound_address": "x"}, ["CreateSIPTrunk", "allowed_numbers", "two trunks"]),
        ({"sipTrunkId": "ST_1", "update": {"name": "x"}}, ["partial update"]),
    ],
)
def test_what_is_not_clear_is_refused_with_its_place(content, words):
    with pytest.raises(AnsibleFilterError) as error:
        from_lk(content)
    assert not [word for word in words if word not in str(error.value)], error.value
