# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers run, answer and are locked down."""

import re

import pytest

testinfra_hosts = ["molecule"]


def test_they_run_without_restarts(inspected):
    for name, container in inspected.items():
        state = container["State"]
        assert (state["Running"], state["Restarting"], container["RestartCount"]) == (True, False, 0), name


def test_they_are_hardened(inspected):
    for name, container in inspected.items():
        config, host_config = container["Config"], container["HostConfig"]
        assert host_config["ReadonlyRootfs"] is True, name
        assert host_config["CapDrop"] == ["ALL"] and not host_config["CapAdd"], name
        assert any(option.startswith("no-new-privileges") for option in host_config["SecurityOpt"]), name
        assert not host_config["Privileged"], name
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", config["User"]), name
        assert host_config["NetworkMode"] == "host", name


def test_their_processes_have_no_rights(host, inspected):
    for name, container in inspected.items():
        status = host.check_output(f"cat /proc/{container['State']['Pid']}/status")
        assert "NoNewPrivs:\t1" in status, name
        assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE), name
        assert not re.search(r"^Uid:.*\b0\b", status, re.MULTILINE), name


def test_they_come_back_and_do_not_fill_the_disk(inspected):
    for name, container in inspected.items():
        host_config = container["HostConfig"]
        assert host_config["RestartPolicy"]["Name"] == "unless-stopped", name
        assert host_config["LogConfig"]["Type"] == "json-file", name
        assert {"max-size", "max-file"} <= host_config["LogConfig"]["Config"].keys(), name


def test_their_images_are_pinned(inspected):
    for container in inspected.values():
        assert re.search(r":(?!latest$)[^/]+$|@sha256:", container["Config"]["Image"])


def test_their_config_cannot_be_changed_from_inside(inspected):
    for name, container in inspected.items():
        binds = [mount for mount in container["Mounts"] if mount["Type"] == "bind"]
        assert binds and not any(mount["RW"] for mount in binds), name


def test_redis_keeps_its_data_in_a_volume(inspected):
    mounts = inspected["livekit-redis"]["Mounts"]
    assert [(mount["Name"], mount["Destination"]) for mount in mounts if mount["Type"] == "volume"] == [
        ("livekit-redis", "/data")
    ]


def test_livekit_sip_is_healthy(host):
    assert "OK" in host.check_output("python3 /tests/support/probe.py get http://127.0.0.1:8085/")


def test_livekit_server_is_healthy(host):
    assert host.check_output("python3 /tests/support/probe.py get http://127.0.0.1:7880/") == "OK"


@pytest.fixture
def redis(host, line):
    """A function that sends Redis a command from the host, because `docker exec` does not work on every test host."""

    def ask(command, login="printf 'AUTH '; cat /etc/livekit/redis/password"):
        talk = f"python3 /tests/support/probe.py talk {line.redis} 6379"
        return host.check_output(f"({login}; echo '{command}'; echo QUIT) | {talk}").split()

    return ask


def test_redis_wants_its_password(redis):
    assert "-NOAUTH" in redis("PING", login="true")
    assert redis("PING") == ["+OK", "+PONG", "+OK"]


def test_redis_loses_nothing(redis):
    assert "yes" in redis("CONFIG GET appendonly")
    assert "noeviction" in redis("CONFIG GET maxmemory-policy")
