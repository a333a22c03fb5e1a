# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/teardown.yml restores the host to its previous state. Without purge, only the data remain."""

import re

from tests.roles.conftest import difference
from tests.support import hosts

KEYS = [f"/etc/livekit/keys/{purpose}.env" for purpose in ("agents", "automation", "sip")]
DATA = {
    *(f"files: + {path}" for path in ["/etc/livekit", "/etc/livekit/keys", *KEYS]),
    "named like us: + /etc/livekit",
    "volumes: + livekit-redis",
}
# Packages stay unless they are purged, and with them the record of what the collection installed.
RECORD = {f"files: + /var/lib/telephony.livekit{name}" for name in ("", "/packages")} | {
    "named like us: + /var/lib/telephony.livekit"
}
# The package containerd leaves these folders.
OF_CONTAINERD = {"files: + /etc/cni", "files: + /etc/cni/net.d"}


def test_there_was_something_to_take_away(before, deployed):
    for host in ("bare", "existing"):
        kinds = {line.partition(":")[0] for line in difference(vars(before)[host], vars(deployed)[host])}
        assert {"files", "named like us", "unit files", "ports", "containers", "volumes", "packet filter"} <= kinds


def test_exactly_the_data_stay_on_a_host_with_docker(before, torn_down):
    left = difference(before.existing, torn_down.existing)
    theirs = {f"files: + /etc/livekit/sip{name}" for name in ("", "/theirs.txt")}
    assert {line for line in left if not line.startswith("packages: + ")} == theirs | {
        line for line in DATA | RECORD if not line.endswith(" /etc/livekit")
    }


def test_exactly_the_data_and_packages_stay_on_a_bare_host(before, torn_down):
    left = {line for line in difference(before.bare, torn_down.bare) if not of_packages(line)}
    assert left == DATA | RECORD


def of_packages(line):
    """Return whether a line is about something that installed packages, mainly Docker's, add to a host."""
    return re.match(
        r"(packages|networks|live-restore|users|groups|unit files|active units|sysctls|packet filter|ports): "
        r"|files: (\+ )?/(etc|usr/local|var/lib)/(?!livekit|telephony)",
        line,
    ) and not re.search("livekit", line)


def test_purge_leaves_a_host_with_docker_as_it_was(before, purged):
    assert difference(before.existing, purged.existing) == set()


def test_purge_leaves_a_bare_host_as_it_was(lifecycle, before, purged):
    assert purged.bare["packages"] == before.bare["packages"]
    # Docker's rules stay in the kernel until a reboot.
    hosts.reboot(lifecycle.bare.name)
    assert difference(before.bare, lifecycle.bare.snapshot()) == OF_CONTAINERD
