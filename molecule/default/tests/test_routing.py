# SPDX-License-Identifier: GPL-3.0-or-later
"""The server lists the trunk and the rule."""

from tests.support.hosts import twirp

testinfra_hosts = ["molecule"]


def test_trunk_and_rule_are_on_the_server(host, line):
    [trunk] = twirp(host, "SIP", "ListSIPInboundTrunk")["items"]
    assert trunk["name"] == "test line"
    assert trunk["numbers"] == [line.number]
    assert trunk["allowed_addresses"] == ["198.51.100.0/26"]

    [rule] = twirp(host, "SIP", "ListSIPDispatchRule")["items"]
    assert rule["name"] == "test line"
    assert rule["trunk_ids"] == [trunk["sip_trunk_id"]]
    assert rule["rule"]["dispatch_rule_individual"]["room_prefix"] == "call-"
    assert [agent["agent_name"] for agent in rule["room_config"]["agents"]] == ["voice-agent"]
