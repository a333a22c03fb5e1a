# SPDX-License-Identifier: GPL-3.0-or-later
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import testinfra
from addresses import FAMILIES, HOSTS, MEDIA, OUTSIDE, SIGNALLING, address

SCENARIO = Path(__file__).resolve().parents[1]

CLOSED = {"signalling": [], "media": [], "outside": []}
PROVIDER_ONLY = {"signalling": ["tcp 5060", "udp 5060"], "media": ["udp 10000", "udp 10100"], "outside": []}
ANY_SOURCE = dict.fromkeys(CLOSED, ["tcp 5060", "udp 10000", "udp 10100", "udp 5060"])


@pytest.fixture(scope="session")
def caller():
    return testinfra.get_host("docker://livekit-firewall-caller")


@pytest.fixture(scope="session")
def hosts():
    return {name: testinfra.get_host(f"docker://livekit-firewall-{name}") for name in HOSTS}


def together(function, arguments):
    """Call the function for all arguments at once and return {argument: function(*argument)}."""
    arguments = list(arguments)
    with ThreadPoolExecutor(len(arguments)) as pool:
        return dict(zip(arguments, pool.map(lambda each: function(*each), arguments), strict=True))


@pytest.fixture(scope="session")
def look(caller):
    """A function that returns the ports that answer: {(host, family): {"signalling": ["tcp 5060", ...], ...}}."""

    def one(host, family):
        sources = {"signalling": SIGNALLING[family], "media": MEDIA[family], "outside": OUTSIDE[family]}
        heard = json.loads(
            caller.check_output(f"python3 /opt/probe.py look {address(host, family)} {' '.join(sources.values())}")
        )
        return {network: heard[source] for network, source in sources.items()}

    return lambda: together(one, everywhere())


def everywhere(what=None):
    pairs = [(host, family) for host in HOSTS for family in FAMILIES]
    return pairs if what is None else dict.fromkeys(pairs, what)


@pytest.fixture
def drops(hosts):
    """A function that returns the number of dropped packets for each counter on a host."""

    def read(host):
        listed = json.loads(hosts[host].check_output("nft --json list counters table inet livekit"))
        return {item["counter"]["name"]: item["counter"]["packets"] for item in listed["nftables"] if "counter" in item}

    return read


@pytest.fixture(scope="session")
def play():
    """A function that runs converge.yml and returns the changed tasks, failures and warnings for each host."""

    def run(*arguments, **variables):
        ended = subprocess.run(
            [
                "ansible-playbook",
                f"--inventory={SCENARIO / 'inventory'}",
                f"--extra-vars={json.dumps(variables)}",
                *arguments,
                SCENARIO / "converge.yml",
            ],
            env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        assert ended.stdout.startswith("{"), ended.stdout + ended.stderr
        report = json.loads(ended.stdout)
        return {host.rpartition("-")[2]: results(report, host) for host in report["stats"]}

    return run


def results(report, host):
    tasks = [task for play in report["plays"] for task in play["tasks"] if host in task["hosts"]]
    by_kind = {"changed": [], "failed": [], "said": []}
    for task in tasks:
        result, name = task["hosts"][host], task["task"]["name"].rpartition(" : ")[2]
        if result.get("changed"):
            by_kind["changed"].append(name)
        if result.get("failed"):
            by_kind["failed"].append(result["msg"])
        if task["task"].get("name", "").endswith("Warn about the firewall"):
            by_kind["said"] += [item.get("msg", "") for item in result.get("results", [])]
    return by_kind
