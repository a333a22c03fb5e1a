# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in use: the roles leave its Docker as it is, report the programs on their ports, and keep the rest running."""

import json

import pytest

from tests.roles.conftest import IMAGES, OTHER_PORTS, difference


def test_a_redis_that_is_there_is_named_before_anything_changes(refused):
    code, output = refused.redis
    assert code != 0
    for word in ("livekit_redis_port is 6379", "redis-server", "operators-redis", "livekit_server_redis"):
        assert word in output, f"{word!r} is not in\n{output[-3000:]}"


def test_a_sip_server_that_is_there_is_named_before_anything_changes(refused):
    code, output = refused.sip
    assert code != 0
    for word in ("livekit_sip_sip_port is 5060", "kamailio (process "):
        assert word in output, f"{word!r} is not in\n{output[-3000:]}"


def test_what_is_refused_changes_nothing(before, refused):
    assert difference(before.existing, refused.after) == set()


def test_no_second_docker_is_installed(lifecycle, deployed):
    assert not [name for name in deployed.existing["packages"] if name.split()[1] in ("docker.io", "containerd")]
    assert lifecycle.existing.host.check_output("readlink /proc/$(cat /run/docker.pid)/exe") == "/usr/local/bin/dockerd"


def test_the_operators_settings_of_docker_stay(lifecycle, deployed):
    settings = json.loads(lifecycle.existing.host.file("/etc/docker/daemon.json").content_string)
    assert settings == {"iptables": False, "log-level": "warn", "live-restore": True}
    assert deployed.existing["live-restore"] == ["true"]


def test_what_ran_goes_on(before, deployed):
    assert before.existing["started"] and set(before.existing["started"]) <= set(deployed.existing["started"])
    assert {line for line in before.existing["ports"] if "docker" not in line} <= set(deployed.existing["ports"])
    assert "active units" in before.existing
    for kind in ("active units", "packet filter", "packages", "volumes", "networks"):
        gone = [line for line in difference(before.existing, deployed.existing) if line.startswith(f"{kind}: -")]
        assert gone == []


def test_the_line_runs_beside_it(deployed):
    ports = " ".join(deployed.existing["ports"])
    for port in OTHER_PORTS.values():
        assert f":{port} " in ports
    assert len(deployed.existing["containers"]) == 1 + len(IMAGES)


@pytest.mark.parametrize("port", [5070, 6390, 7880, 7881, 8085])
def test_ipv6_opens_nothing(lifecycle, deployed, port):
    """The other host, which is in an allowed IPv4 network, gets no answer over IPv6."""
    connect = f"timeout 2 bash -c '</dev/tcp/{lifecycle.existing.address6}/{port}'"
    assert lifecycle.bare.host.run(connect).rc == 124  # no answer
    # The host itself gets an answer.
    assert lifecycle.existing.host.run(connect).rc in (0, 1)
