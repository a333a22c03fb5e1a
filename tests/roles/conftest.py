# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hosts and their states, for test_air_gapped.py, test_existing.py and test_gone.py.

`bare` has only Python. `existing` is a host that an operator has run for years: Docker from another source with its
own settings, Redis in a container, a SIP server, a firewall, IPv6, and files in the collection's folders.

Both pass through the same states: refused -> deployed -> torn_down -> purged. Each of these fixtures takes a snapshot.
"""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import docker
import pytest
import yaml

from tests.images import build
from tests.support import hosts, playbook

# Run these by name before a release: one needs the whole history of the repository, the other takes hours.
collect_ignore = ["test_upgrade.py", "test_kills.py"]

NETWORK = "livekit-lifecycle"
MACHINES = {
    "network": NETWORK,
    "subnet": "198.51.100.176/28",
    "subnet6": "2001:db8:176::/64",
    "hosts": [
        {
            "name": f"{NETWORK}-bare",
            "image": "host-debian12",
            "address": "198.51.100.180",
            "address6": "2001:db8:176::180",
        },
        {
            "name": f"{NETWORK}-existing",
            "image": "host-debian13",
            "address": "198.51.100.181",
            "address6": "2001:db8:176::181",
        },
    ],
}
LINE = {
    "ansible_connection": "community.docker.docker",
    "ansible_python_interpreter": "/usr/bin/python3",
    "livekit_sip_rtp_port": "10000-10100",
    "livekit_firewall_signalling_networks": ["198.51.100.176/28"],
    "livekit_firewall_media_networks": ["198.51.100.176/28"],
    "livekit_routing_inbound_trunks": [{"name": "line", "numbers": ["+12025550100"]}],
    "livekit_routing_dispatch_rules": [{"name": "line", "trunks": ["line"], "individual": {"room_prefix": "call-"}}],
}
# No registry has these images, so a run that does not use the archives fails.
IMAGES = {
    "livekit_redis": "registry.example.com/library/redis:7.4.6",
    "livekit_server": "registry.example.com/livekit/livekit-server:v1.13.5",
    "livekit_sip": "registry.example.com/livekit/sip:v1.10.0",
}
# What the failures ask the operator of `existing` to change.
OTHER_PORTS = {"livekit_redis_port": 6390, "livekit_sip_sip_port": 5070}
PURGE = dict.fromkeys(
    ("livekit_redis_purge_data", "livekit_server_purge_data", "livekit_docker_purge_packages"),
    True,
)

EXISTING = r"""
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -qy --no-install-recommends nftables

# Docker, of which dpkg knows nothing.
mkdir /opt/docker
apt-get install -qy --no-install-recommends --download-only docker.io docker-cli
for package in docker.io docker-cli containerd runc tini; do
    dpkg-deb --extract /var/cache/apt/archives/${package}_*.deb /opt/docker
done
cp -L /opt/docker/usr/sbin/* /usr/local/bin/
cp -L /opt/docker/usr/bin/* /usr/local/bin/
mkdir /etc/docker
printf '{"iptables": false,\t"log-level": "warn"}' > /etc/docker/daemon.json
cat > /etc/systemd/system/docker.service <<'END'
[Unit]
Description=The operator's own Docker
[Service]
Type=notify
ExecStart=/usr/local/bin/dockerd
ExecReload=/bin/kill -s HUP $MAINPID
Delegate=yes
KillMode=process
[Install]
WantedBy=multi-user.target
END
systemctl enable --now docker

docker load -q -i /archives/redis.tar
docker run -d --name operators-redis --restart always --network host "$IMAGE" --save ""
docker volume create operators-volume

cp /usr/bin/python3 /usr/local/bin/kamailio
cat > /usr/local/bin/sip.py <<'END'
import socket, time
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", 5060))
time.sleep(10**9)
END
cat > /etc/systemd/system/kamailio.service <<'END'
[Service]
ExecStart=/usr/local/bin/kamailio /usr/local/bin/sip.py
[Install]
WantedBy=multi-user.target
END
systemctl enable --now kamailio

# Without a flush, which would take away this test host's own resolver.
cat > /etc/nftables.conf <<'END'
table inet operators {
    set friends { type ipv4_addr; elements = { 198.51.100.190 } }
    chain input { type filter hook input priority 0; policy accept; tcp dport 2323 ip saddr != @friends drop; }
}
END
systemctl enable --now nftables

mkdir -p /etc/livekit /etc/sysctl.d
echo 'of the operator' > /etc/livekit/notes.txt
echo 'net.ipv4.ip_local_reserved_ports = 4000' > /etc/sysctl.d/50-operator.conf
sysctl -q -p /etc/sysctl.d/50-operator.conf
"""


@pytest.fixture(scope="session")
def lifecycle(tmp_path_factory):
    """The two hosts before the first run."""
    redis = build.images()["livekit_redis"]
    machines = {**MACHINES, "hosts": [{**machine} for machine in MACHINES["hosts"]]}
    machines["hosts"][1] |= {
        "volumes": [f"{redis['archive']}:/archives/redis.tar:ro"],
        "environment": {"IMAGE": redis["image"]},
    }
    hosts.remove(NETWORK, machines["hosts"])  # hosts that KEEP=1 kept are not new
    try:
        hosts.up(**machines)
        bare, existing = (Host(machine, tmp_path_factory.mktemp("play")) for machine in machines["hosts"])
        made = docker.from_env().containers.get(existing.name).exec_run(["bash", "-c", EXISTING])
        assert made.exit_code == 0, made.output.decode()[-3000:]
        yield SimpleNamespace(bare=bare, existing=existing)
    finally:
        hosts.down(NETWORK, MACHINES["subnet"], MACHINES["hosts"])


class Host:
    def __init__(self, machine, folder):
        self.name, self.address6 = machine["name"], machine["address6"]
        self.folder = folder
        self.host = hosts.booted(self.name)
        self.variables = {}

    def play(self, name, *arguments, **variables):
        """Run a playbook for this host only, and return the exit code and the output."""
        groups = {group: {"hosts": {self.name: None}} for group in IMAGES}
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps({"all": {"vars": {**LINE, **self.variables}, "children": groups}}))
        path = playbook.REPOSITORY / "playbooks" / name
        return playbook.run("-i", inventory, *arguments, "-e", json.dumps(variables), path)

    def snapshot(self):
        seen = json.loads(self.host.check_output("python3 /tests/support/snapshot.py"))
        # A bare host has no nft, so run ours from outside. Otherwise run the host's: an older nft fails on newer rules.
        pid = docker.from_env().containers.get(self.name).attrs["State"]["Pid"]
        outside = [] if self.host.exists("nft") else ["nsenter", "--net", "--target", str(pid)]
        inside = [] if outside else ["docker", "exec", self.name]
        rules = [*outside, *inside, "nft", "--stateless", "list", "ruleset"]
        filtered = subprocess.run(rules, capture_output=True, text=True, check=True).stdout
        # Rules for the resolver of this test host change at each start.
        seen["packet filter"] = [
            line for line in filtered.splitlines() if "127.0.0.11" not in line and "snat to :53" not in line
        ]
        return seen


def difference(before, after):
    """Return what was added, removed and changed, one line each."""
    lines = set()
    for kind, was in before.items():
        now = after[kind]
        if isinstance(was, dict):
            lines |= {f"{kind}: + {name}" for name in now.keys() - was.keys()}
            lines |= {f"{kind}: - {name}" for name in was.keys() - now.keys()}
            lines |= {
                f"{kind}: {name}: {was[name]} => {now[name]}"
                for name in was.keys() & now.keys()
                if was[name] != now[name]
            }
        else:
            lines |= {f"{kind}: + {line}" for line in now if line not in was}
            lines |= {f"{kind}: - {line}" for line in was if line not in now}
    return lines


def on_both(lifecycle, what):
    with ThreadPoolExecutor() as pool:
        bare, existing = pool.map(what, (lifecycle.bare, lifecycle.existing))
    return SimpleNamespace(bare=bare, existing=existing)


def must(outcome):
    code, output = outcome
    assert code == 0, output[-6000:]
    return output


@pytest.fixture(scope="session")
def before(lifecycle):
    return on_both(lifecycle, Host.snapshot)


@pytest.fixture(scope="session")
def archives(lifecycle, tmp_path_factory):
    """The folder that playbooks/save_images.yml fills, its output, and the variables that it wrote."""
    client = docker.from_env()
    for role, built in build.images().items():
        if not client.images.list(built["image"]):
            client.images.load(Path(built["archive"]).read_bytes())
        client.images.get(built["image"]).tag(IMAGES[role])
    folder = tmp_path_factory.mktemp("images")
    try:
        wanted = {f"{role}_image": image for role, image in IMAGES.items()}
        said = must(lifecycle.bare.play("save_images.yml", save_images_folder=str(folder), **wanted))
    finally:
        for image in IMAGES.values():
            client.images.remove(image, noprune=True)
    return SimpleNamespace(folder=folder, said=said, variables=yaml.safe_load((folder / "images.yml").read_text()))


@pytest.fixture(scope="session")
def refused(lifecycle, before, archives):
    """The output of site.yml on `existing` while each of two ports is in use, and the host afterwards."""
    use = f"-e@{archives.folder}/images.yml"
    redis = lifecycle.existing.play("site.yml", use)
    lifecycle.existing.variables = {"livekit_redis_port": OTHER_PORTS["livekit_redis_port"]}
    sip = lifecycle.existing.play("site.yml", use)
    return SimpleNamespace(redis=redis, sip=sip, after=lifecycle.existing.snapshot())


@pytest.fixture(scope="session")
def deployed(lifecycle, before, archives, refused):
    lifecycle.existing.variables = OTHER_PORTS
    for outcome in vars(
        on_both(lifecycle, lambda host: host.play("site.yml", f"-e@{archives.folder}/images.yml"))
    ).values():
        must(outcome)
    return on_both(lifecycle, Host.snapshot)


@pytest.fixture(scope="session")
def torn_down(lifecycle, deployed):
    lifecycle.existing.host.check_output("echo 'of the operator' > /etc/livekit/sip/theirs.txt")
    for outcome in vars(on_both(lifecycle, lambda host: host.play("teardown.yml"))).values():
        must(outcome)
    return on_both(lifecycle, Host.snapshot)


@pytest.fixture(scope="session")
def purged(lifecycle, torn_down):
    lifecycle.existing.host.check_output("rm -r /etc/livekit/sip")
    for outcome in vars(on_both(lifecycle, lambda host: host.play("teardown.yml", **PURGE))).values():
        must(outcome)
    return on_both(lifecycle, Host.snapshot)
