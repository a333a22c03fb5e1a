# SPDX-License-Identifier: GPL-3.0-or-later
"""The summary at the end of the site playbook and of `make deploy`."""

import copy

import pytest
from ansible_collections.telephony.livekit.plugins.plugin_utils import _summary

from tools.deploy import summary


def container(name, image, stand_in=False):
    return {"name": name, "image": image, "stand_in": stand_in, "state": "healthy"}


FACTS = {
    "host": "this machine",
    "is_server": True,
    "is_sip": True,
    "is_agent": False,
    "containers": [
        container("livekit-redis", "docker.io/library/redis:7.4.1"),
        container("livekit-server", "docker.io/livekit/livekit-server:v1.13.5"),
        container("livekit-sip", "docker.io/livekit/sip:v1.10.0"),
    ],
    "routing": {
        "asked": True,
        "inbound_trunks": [{"id": "ST_1", "name": "twilio", "numbers": ["+12025550101", "+12025550102"]}],
        "dispatch_rules": [
            {
                "id": "SDR_1",
                "name": "to-agent",
                "any_trunk": False,
                "trunks": ["twilio"],
                "individual": {"room_prefix": "call-"},
                "room_config": {"agents": [{"agent_name": "voice-agent"}]},
            }
        ],
    },
    "sip_port": 5060,
    "rtp_port": "10000-20000",
    "external_ip": "198.51.100.7",
    "server_port": 7880,
    "server_ports": [7880, 7881, 7882],
    "agents_key": "/etc/livekit/keys/agents.env",
    "provider": {"title": "Twilio Elastic SIP Trunking", "number_format": "E.164", "setup": "Enter the URI."},
    "any_source": False,
    "signalling_networks": ["198.51.100.0/26"],
    "media_networks": ["198.51.100.64/26"],
    "api_networks": [],
    "openings": [
        {"title": "Redis", "networks": ["198.51.100.128/26"]},
        {"title": "Health, metrics", "networks": []},
    ],
    "firewall_persistent": True,
    "docker_started_by": "systemd",
}


@pytest.fixture
def facts():
    return copy.deepcopy(FACTS)


def test_it_says_the_way_of_each_number(facts):
    text = summary.render(facts, [])
    way = "trunk twilio -> rule to-agent, a separate room for each call, call-_..., agent voice-agent"
    assert f"+12025550101 -> {way}" in text
    assert f"+12025550102 -> {way}" in text


def test_a_trunk_without_a_rule_is_told(facts):
    facts["routing"]["dispatch_rules"] = []
    assert "+12025550101 -> trunk twilio -> no rule: calls are not answered" in summary.render(facts, [])


def test_a_rule_for_every_trunk_counts_for_each(facts):
    facts["routing"]["dispatch_rules"][0] |= {"trunks": [], "any_trunk": True, "name": ""}
    assert "+12025550101 -> trunk twilio -> rule SDR_1, " in summary.render(facts, [])


def test_a_direct_rule_names_its_room(facts):
    facts["routing"]["dispatch_rules"][0] |= {"individual": None, "direct": {"room_name": "desk"}}
    assert "rule to-agent, room desk, agent voice-agent" in summary.render(facts, [])


def test_the_provider_gets_a_uri_over_tcp(facts):
    assert "sip:198.51.100.7:5060;transport=tcp" in summary.render(facts, [])
    facts["external_ip"] = "2001:db8::7"
    assert "sip:[2001:db8::7]:5060;transport=tcp" in summary.render(facts, [])


def test_health_is_shown(facts):
    facts["containers"][2]["state"] = "not asked in a check"
    rows = _summary.containers(facts)
    assert rows[0].split() == ["livekit-redis", "healthy", "docker.io/library/redis:7.4.1"]
    assert "not asked in a check" in rows[2]


def test_hundreds_of_numbers_do_not_fill_the_screen(facts):
    facts["routing"]["inbound_trunks"][0]["numbers"] = [f"+120255501{each:02}" for each in range(100)]
    lines = _summary.ways(facts)
    assert len(lines) == _summary.MOST_LINES + 1
    assert lines[-1] == "and 80 more"


def test_a_stand_in_is_told_loudly_and_first(facts):
    assert "STAND-IN" not in summary.render(facts, [])
    facts["containers"][2]["stand_in"] = True
    text = summary.render(facts, [])
    assert text.startswith("!!!!")
    assert "STAND-IN" in text
    assert "(stand-in)" in text


def test_who_may_reach_what(facts):
    text = "\n".join(_summary.reach(facts))
    assert "198.51.100.0/26" in text
    assert "198.51.100.64/26" in text
    assert "ports 7880, 7881, 7882:  this machine only" in text
    assert "Redis:  198.51.100.128/26\nHealth, metrics:  this machine only\n" in text
    facts["any_source"] = True
    assert "everyone" in "\n".join(_summary.reach(facts))


@pytest.mark.parametrize(
    ("started_by", "persistent", "words"),
    [
        ("systemd", True, "Survives a reboot"),
        ("systemd", False, "Does NOT survive"),
        ("service", False, "this host does not run systemd"),
        ("background", False, "background process"),
    ],
)
def test_what_a_reboot_does(facts, started_by, persistent, words):
    facts |= {"docker_started_by": started_by, "firewall_persistent": persistent}
    assert words in "\n".join(_summary.reach(facts))


def test_the_fictional_number_is_to_be_changed(facts):
    assert "fictional" not in summary.render(facts, [])
    facts["routing"]["inbound_trunks"][0]["numbers"] = ["+12025550100"]
    assert "+12025550100 is fictional" in summary.render(facts, [])


def test_a_run_that_changed_nothing_says_so(facts):
    assert "Nothing changed" in summary.render(facts, [])
    text = summary.render(facts, ["livekit_sip : Write the configuration"])
    assert "Nothing changed" not in text
    assert "livekit_sip : Write the configuration" in text


def test_a_host_is_told_what_it_has_and_no_more(facts):
    """With several hosts or --tags, a host has only some of the programs."""
    facts |= {"host": "sip-2", "is_server": False, "containers": facts["containers"][2:]}
    facts["routing"] = {"asked": False, "inbound_trunks": [], "dispatch_rules": []}
    text = "\n".join(_summary.summary(facts))
    assert text.startswith("What runs on sip-2\n  livekit-sip  healthy  docker.io/livekit/sip:v1.10.0\n")
    assert "livekit-server" not in text and "calls are not answered" not in text and "Key:" not in text
    assert "SIP URI" in text and "API and rooms" not in text
    facts |= {"is_sip": False, "containers": []}
    assert "this run checked nothing here" in "\n".join(_summary.summary(facts))
