# SPDX-License-Identifier: GPL-3.0-or-later
"""The three containers run, answer and are locked down."""

import re

import pytest

testinfra_hosts = ["molecule"]
CONTAINERS = ["livekit-redis", "livekit-server", "livekit-sip"]


@pytest.mark.parametrize("name", CONTAINERS)
def test_runs_without_restarts(inspected, name):
    state = inspected[name]["State"]
    assert state["Running"] and not state["Restarting"]
    assert inspected[name]["RestartCount"] == 0


@pytest.mark.parametrize("name", CONTAINERS)
def test_is_hardened(inspected, name):
    config, host_config = inspected[name]["Config"], inspected[name]["HostConfig"]
    assert host_config["ReadonlyRootfs"] is True
    assert host_config["CapDrop"] == ["ALL"] and not host_config["CapAdd"]
    assert any(option.startswith("no-new-privileges") for option in host_config["SecurityOpt"])
    assert not host_config["Privileged"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", config["User"])
    assert host_config["NetworkMode"] == "host"


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_process_has_no_rights(host, inspected, name):
    status = host.check_output(f"cat /proc/{inspected[name]['State']['Pid']}/status")
    assert "NoNewPrivs:\t1" in status
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
    assert not re.search(r"^Uid:.*\b0\b", status, re.MULTILINE)


@pytest.mark.parametrize("name", CONTAINERS)
def test_comes_back_and_does_not_fill_the_disk(inspected, name):
    host_config = inspected[name]["HostConfig"]
    assert host_config["RestartPolicy"]["Name"] == "unless-stopped"
    assert host_config["LogConfig"]["Type"] == "json-file"
    assert {"max-size", "max-file"} <= host_config["LogConfig"]["Config"].keys()


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_image_is_pinned(inspected, name):
    image = inspected[name]["Config"]["Image"]
    assert re.search(r":(?!latest$)[^/]+$|@sha256:", image)


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_config_cannot_be_changed_from_inside(inspected, name):
    binds = [mount for mount in inspected[name]["Mounts"] if mount["Type"] == "bind"]
    assert binds and not any(mount["RW"] for mount in binds)


def test_redis_keeps_its_data_in_a_volume(inspected):
    mounts = inspected["livekit-redis"]["Mounts"]
    assert [(mount["Name"], mount["Destination"]) for mount in mounts if mount["Type"] == "volume"] == [
        ("livekit-redis", "/data")
    ]


def test_livekit_sip_is_healthy(host):
    assert "OK" in host.check_output("python3 /support/probe.py get http://127.0.0.1:8085/")


def test_livekit_server_is_healthy(host):
    assert host.check_output("python3 /support/probe.py get http://127.0.0.1:7880/") == "OK"


@pytest.fixture
def redis(host, line):
    """Asks Redis one thing, as root on the host can: `docker exec` does not work in every test host."""

    def ask(command, login="printf 'AUTH '; cat /etc/livekit/redis/password"):
        talk = f"python3 /support/probe.py talk {line.redis} 6379"
        return host.check_output(f"({login}; echo '{command}'; echo QUIT) | {talk}").split()

    return ask


def test_redis_wants_its_password(redis):
    assert "-NOAUTH" in redis("PING", login="true")
    assert redis("PING") == ["+OK", "+PONG", "+OK"]


def test_redis_loses_nothing(redis):
    assert "yes" in redis("CONFIG GET appendonly")
    assert "noeviction" in redis("CONFIG GET maxmemory-policy")
