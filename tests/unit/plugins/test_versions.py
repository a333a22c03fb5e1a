# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of an image, and the keys that this version does not know."""

import pytest
from ansible_collections.telephony.livekit.plugins.plugin_utils import _versions

SINCE = {
    "turn.proxy_protocol": "1.13.7",
    "agents.endpoints": "1.13.10",
    "rtc.turn_servers[].credentials_file": "1.13.11",
}


@pytest.mark.parametrize(
    ("image", "version"),
    {
        "docker.io/livekit/livekit-server:v1.13.7": "1.13.7",
        "livekit/sip:1.10.0": "1.10.0",
        "registry.example.com:5000/livekit/sip:v1.17.0@sha256:0123": "1.17.0",
        "example.com/livekit-server:v1.13.7-alpine3.22": "1.13.7",
        "docker.io/livekit/livekit-server:v1.13": "",
        "docker.io/livekit/livekit-server:latest": "",
        "docker.io/livekit/livekit-server": "",
        "docker.io/livekit/livekit-server@sha256:0123": "",
        "registry.example.com:1.2.3/livekit/sip": "",
        "telephony.livekit/livekit-server:9f5526972229": "",
        "example.com/sip:build-1.13.7": "",
        "": "",
    }.items(),
)
def test_the_version_of_an_image(image, version):
    assert _versions.image_version(image) == version


@pytest.mark.parametrize(
    ("given", "version"),
    {"1.13.5": "1.13.5", "v1.13.5": "1.13.5", "": "1.13.7", "1.13": "1.13.7", "new": "1.13.7"}.items(),
)
def test_a_given_version_comes_first(given, version):
    assert _versions.image_version("example.com/livekit-server:v1.13.7", given) == version


@pytest.mark.parametrize(
    ("image", "listed"),
    {
        "docker.io/livekit/livekit-server:v1.13.7": "livekit/livekit-server:v1.13.7",
        "docker.io/library/redis:7.4.11": "redis:7.4.11",
        "index.docker.io/livekit/sip:v1.17.0": "livekit/sip:v1.17.0",
        "livekit/sip:v1.17.0": "livekit/sip:v1.17.0",
        "redis:7.4.11": "redis:7.4.11",
        "docker.io/livekit/sip:v1.17.0@sha256:0123": "livekit/sip@sha256:0123",
        "registry.example.com:5000/library/sip@sha256:0123": "registry.example.com:5000/library/sip@sha256:0123",
        "registry.example.com:5000/sip:v1@sha256:0123": "registry.example.com:5000/sip@sha256:0123",
        "": "",
    }.items(),
)
def test_how_docker_lists_an_image(image, listed):
    assert _versions.listed_image(image) == listed


def newer(value, version, name="extra", at=""):
    return _versions.newer_keys({name: {"at": at, "value": value}}, version, SINCE)


def test_a_key_that_an_older_program_does_not_know():
    given = {"turn": {"proxy_protocol": False, "enabled": True}, "port": 7880}
    assert newer(given, "1.13.6") == ["extra.turn.proxy_protocol (from 1.13.7)"]
    assert newer(given, "1.13.7") == []


def test_versions_are_numbers():
    assert newer({"agents": {"endpoints": {}}}, "1.13.9") == ["extra.agents.endpoints (from 1.13.10)"]
    assert newer({"agents": {"endpoints": {}}}, "1.14.0") == []


def test_an_unknown_version_knows_every_key():
    assert newer({"turn": {"proxy_protocol": True}}, "") == []


def test_a_variable_that_stands_for_a_section():
    assert newer({"proxy_protocol": True}, "1.13.5", "the_turn", "turn") == ["the_turn.proxy_protocol (from 1.13.7)"]
    assert newer({"proxy_protocol": True}, "1.13.5", "the_room", "room") == []
    assert newer({"proxy_protocol": True}, "1.13.5", "the_tur", "tur") == []


def test_a_key_in_the_entries_of_a_list():
    servers = [{"host": "a"}, {"credentials_file": "b"}]
    assert newer(servers, "1.13.5", "servers", "rtc.turn_servers") == ["servers[].credentials_file (from 1.13.11)"]
    assert newer({"rtc": {"turn_servers": servers}}, "1.13.5") == [
        "extra.rtc.turn_servers[].credentials_file (from 1.13.11)"
    ]
    assert newer(servers[:1], "1.13.5", "servers", "rtc.turn_servers") == []


@pytest.mark.parametrize("odd", [None, "text", 3, [], {"turn": None}, {"turn": "text"}, {"rtc": {"turn_servers": {}}}])
def test_what_has_another_shape_has_no_key(odd):
    assert newer(odd, "1.13.5") == []
