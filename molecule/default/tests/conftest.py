# SPDX-License-Identifier: GPL-3.0-or-later
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import testinfra
from testinfra.utils.ansible_runner import AnsibleRunner

INVENTORY = Path(__file__).resolve().parents[1] / "inventory"


@pytest.fixture(scope="module")
def line(host):
    """The inventory's values for the host under test."""
    variables = AnsibleRunner(str(INVENTORY)).get_variables(host.backend.get_pytest_id().rpartition("/")[2])
    return SimpleNamespace(
        name=variables["inventory_hostname"],
        address=variables["molecule_address"],
        number=variables["line_number"],
        redis=variables.get("livekit_redis_bind_address", "127.0.0.1"),
        answers="livekit_agent" in variables["group_names"],
        containers=["livekit-redis", "livekit-server", "livekit-sip"]
        + (["livekit-agent"] if "livekit_agent" in variables["group_names"] else []),
    )


@pytest.fixture(scope="session")
def caller():
    return testinfra.get_host("docker://livekit-default-caller")


@pytest.fixture(scope="module")
def inspected(host, line):
    """The output of `docker inspect` for each container on the host."""
    containers = json.loads(host.check_output(f"docker inspect {' '.join(line.containers)}"))
    return {container["Name"].strip("/"): container for container in containers}


@pytest.fixture
def drops(host):
    """A function that returns the packet count of each firewall counter."""

    def read():
        listed = json.loads(host.check_output("nft --json list counters table inet livekit"))
        return {item["counter"]["name"]: item["counter"]["packets"] for item in listed["nftables"] if "counter" in item}

    return read
