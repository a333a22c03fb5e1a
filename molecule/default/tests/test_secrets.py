# SPDX-License-Identifier: GPL-3.0-or-later
"""Each secret is stored only where the program that needs it reads it."""

import json
import re
import shlex

import pytest

testinfra_hosts = ["molecule"]


@pytest.fixture
def secrets(host):
    """Every password and secret that the roles generated, read as root."""
    password = host.check_output("cat /etc/livekit/redis/password").strip()
    keys = re.findall(r"^LIVEKIT_API_SECRET=(\S+)$", host.check_output("cat /etc/livekit/keys/*.env"), re.MULTILINE)
    assert len(set(keys)) == 3, "one pair for livekit-sip, one for automation, one for agents"
    assert all(len(secret) >= 32 for secret in [password, *keys])
    return [password, *keys]


def grep(secrets):
    return "grep -rlsFI " + " ".join(f"-e {shlex.quote(secret)}" for secret in secrets)


def test_not_in_what_docker_shows(inspected, secrets):
    text = json.dumps(inspected)
    assert not [secret for secret in secrets if secret in text]


def test_not_in_a_file_that_everybody_reads(host, secrets):
    places = "/etc /home /opt /root /run /srv /tmp /usr/local /var"
    as_root = host.run(f"{grep(secrets)} /etc/livekit").stdout.split()
    assert {"/etc/livekit/server/config.yaml", "/etc/livekit/sip/config.yaml"} <= set(as_root)
    as_nobody = host.run(f"setpriv --reuid=65534 --regid=65534 --clear-groups {grep(secrets)} {places}")
    assert as_nobody.stdout == ""


def test_not_on_a_command_line(host, secrets):
    commands = host.check_output("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    assert "livekit-sip" in commands
    assert not [secret for secret in secrets if secret in commands]


def test_not_in_a_log(host, line, secrets):
    containers = f"for name in {' '.join(line.containers)}; do docker logs $name 2>&1; done"
    logs = host.check_output(f"journalctl --no-pager --quiet; {containers}")
    assert logs
    assert not [secret for secret in secrets if secret in logs]
