# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for tests: containers that run systemd and their own Docker.

    python tests/support/hosts.py up|down '{"network": , "subnet": , "hosts": [{"name": , "image": , "address": }]}'

`image` is a name that tests/images/hosts.py knows. A host may have a `second_address`, such as 198.51.100.74/25.
With a `subnet6`, the network has IPv6 too, and each host may have an `address6`.

With KEEP=1 in the environment, the hosts keep running, and the next run with KEEP=1 uses them again.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import docker
import testinfra

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.images import hosts as host_images

SUPPORT = Path(__file__).resolve().parent


def up(network, subnet, hosts, subnet6=None):
    """Return whether the hosts were kept. If not, start new ones on their own network. Call down() later."""
    if kept() and all(runs(**host) for host in hosts):
        return True
    remove(network, hosts)
    pools = [docker.types.IPAMPool(subnet=each) for each in (subnet, subnet6) if each]
    ipam = docker.types.IPAMConfig(pool_configs=pools)
    client().networks.create(network, ipam=ipam, enable_ipv6=bool(subnet6))
    for host in hosts:
        start(network, **host)
    for host in hosts:
        booted(host["name"])
    return False


def down(network, subnet, hosts, subnet6=None):
    if not kept():
        remove(network, hosts)


def kept():
    return os.environ.get("KEEP") == "1"


def runs(name, image, **_unused):
    """Whether this host runs, from the current version of its image."""
    try:
        found = client().containers.get(name)
    except docker.errors.NotFound:
        return False
    return found.status == "running" and found.attrs["Config"]["Image"] == host_images.image(image)


def remove(network, hosts):
    for host in hosts:
        try:
            client().containers.get(host["name"]).remove(force=True, v=True)
        except docker.errors.NotFound:
            continue
    for left in client().networks.list(names=[f"^{network}$"]):
        left.remove()


def start(network, name, image, address, second_address=None, address6=None, volumes=(), environment=None):
    api = client().api
    endpoint = api.create_endpoint_config(ipv4_address=address, ipv6_address=address6)
    # Name each capability: a Docker daemon that lacks one itself cannot grant --privileged.
    config = api.create_host_config(
        network_mode=network,
        cgroupns="host",
        cap_add=["SYS_ADMIN", "NET_ADMIN", "MKNOD"],
        security_opt=["seccomp=unconfined", "apparmor=unconfined"],
        tmpfs={"/run": "", "/run/lock": "", "/tmp": ""},
        binds=["/sys/fs/cgroup:/sys/fs/cgroup:rw", f"{SUPPORT}:/tests/support:ro", *volumes],
    )
    # Like `docker run --security-opt systempaths=unconfined`: the host can set its sysctls.
    config |= {"MaskedPaths": [], "ReadonlyPaths": []}
    api.create_container(
        host_images.image(image),
        name=name,
        hostname=name,
        host_config=config,
        networking_config={"EndpointsConfig": {network: endpoint}},
        volumes=["/var/lib/containerd", "/var/lib/docker"],
        environment=environment or {},
    )
    api.start(name)
    if second_address:
        added = client().containers.get(name).exec_run(["ip", "address", "add", second_address, "dev", "eth0"])
        assert added.exit_code == 0, added.output


def client():
    return docker.from_env(timeout=120)


def booted(name, seconds=600):
    """Wait until systemd reports that the host is running, and return the host for testinfra."""
    host = testinfra.get_host(f"docker://{name}")
    end = time.monotonic() + seconds
    while (state := host.run("systemctl is-system-running").stdout.strip()) != "running":
        if state == "degraded" or time.monotonic() > end:
            raise AssertionError(f"{name} is {state or 'dead'}: {host.run('systemctl --failed --no-legend').stdout}")
        time.sleep(0.5)
    return host


def reboot(name):
    client().containers.get(name).restart(timeout=30)
    return booted(name)


def twirp(host, service, rpc, **request):
    """Send an RPC to the livekit-server on `host`, and return its answer."""
    command = f"timeout 120 python3 /tests/support/twirp.py {service} {rpc} '{json.dumps(request)}'"
    return json.loads(host.check_output(command))


def wait_for(what, seconds=600, pause=0.2):
    """Wait for the first true result of `what()`. Only a defect reaches the limit, not a busy machine."""
    end = time.monotonic() + seconds
    while not (answer := what()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain; the last answer was {answer!r}")
        time.sleep(pause)
    return answer


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]](**json.loads(sys.argv[2]))
