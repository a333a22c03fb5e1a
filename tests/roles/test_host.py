# SPDX-License-Identifier: GPL-3.0-or-later
"""A line on a whole host survives a killed Redis, a power cut, a failed change and a killed run.

The roles reserve their ports next to those of the operator, and release exactly their own.
"""

from __future__ import annotations

import json

import pytest

from tests.images import build
from tests.support import hosts, playbook, sip
from tests.support.killing import kill_all
from tools.deploy.images import fallback_variables

NETWORK, SUBNET = "livekit-host", "198.51.100.160/29"
HOST = {"name": f"{NETWORK}-host", "image": "host-debian12", "address": "198.51.100.162"}
RESERVED = "/proc/sys/net/ipv4/ip_local_reserved_ports"
NUMBER = "+12025550100"
# Ports that the operator has reserved. The collection reserves 5060 as well.
OPERATORS = "5060,8080"
DRAIN_LIMIT = 10
KEPT_VERSIONS = "/var/lib/telephony.livekit/versions.json"
STANDS_IN_FOR = "1.10.0"
# Entrypoints that exit at once, whatever arguments the role adds.
EXITS = {"livekit-server": ["/livekit-server", "--help"], "livekit-sip": ["livekit-sip", "--help"]}


def variables():
    images = build.images()
    return {
        "ansible_connection": "community.docker.docker",
        "ansible_python_interpreter": "/usr/bin/python3",
        **fallback_variables(images, images),
        "livekit_sip_rtp_port": "10000-10100",
        "livekit_sip_drain_timeout": DRAIN_LIMIT,
        "livekit_firewall_signalling_networks": [SUBNET],
        "livekit_firewall_media_networks": [SUBNET],
        "livekit_routing_inbound_trunks": [{"name": "line", "numbers": [NUMBER]}],
        "livekit_routing_dispatch_rules": [
            {"name": "line", "trunks": ["line"], "individual": {"room_prefix": "call-"}}
        ],
    }


def playbook_of(folder, roles, state="present", **more):
    """Return the arguments with which ansible-playbook runs these roles in order."""
    group = {"hosts": {HOST["name"]: None}}
    groups = dict.fromkeys(("livekit_redis", "livekit_server", "livekit_sip"), group)
    states = {f"{role}_state": state for role in roles if role != "livekit_routing"}
    (folder / "inventory.json").write_text(
        json.dumps({"all": {"vars": {**variables(), **states, **more}, "children": groups}})
    )
    named = [f"telephony.livekit.{role}" for role in roles]
    (folder / "play.yml").write_text(json.dumps([{"hosts": "all", "roles": named}]))
    return ["-i", folder / "inventory.json", folder / "play.yml"]


def play(folder, roles, state="present", **more):
    """Run the roles, and return the exit code and the output."""
    return playbook.run(*playbook_of(folder, roles, state, **more))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("host")


@pytest.fixture(scope="module")
def host(folder):
    try:
        hosts.up(NETWORK, SUBNET, [HOST])
        host = hosts.booted(HOST["name"])
        host.check_output(f"echo 'net.ipv4.ip_local_reserved_ports = {OPERATORS}' >/etc/sysctl.d/50-operator.conf")
        host.check_output(f"echo {OPERATORS} >{RESERVED}")
        roles = [
            "livekit_docker",
            "livekit_firewall",
            "livekit_redis",
            "livekit_server",
            "livekit_sip",
            "livekit_routing",
        ]
        code, output = play(folder, roles, livekit_docker_state="present")
        assert code == 0, output
        yield host
    finally:
        hosts.down(NETWORK, SUBNET, [HOST])


def trunks(host):
    try:
        return [one["name"] for one in hosts.twirp(host, "SIP", "ListSIPInboundTrunk")["items"]]
    except AssertionError:  # no answer yet
        return []


def add_trunk(host, name, number):
    hosts.twirp(host, "SIP", "CreateSIPInboundTrunk", trunk={"name": name, "numbers": [number]})


def test_nothing_is_lost_when_redis_is_killed(host):
    """The kill follows a change that Redis wrote to its append-only file before it answered."""
    process = host.check_output("docker inspect --format '{{.State.Pid}}' livekit-redis")
    add_trunk(host, "last word", "+12025550101")
    host.check_output(f"kill -9 {process}")
    hosts.wait_for(lambda: state(host, "livekit-redis") == "true 1")
    hosts.wait_for(lambda: sorted(trunks(host)) == ["last word", "line"])


def test_lines_leave_the_logs_when_they_are_old(host):
    """The lines are in Docker's current log file and in a rotated one. Docker keeps writing afterwards."""
    path = host.check_output("docker inspect --format '{{.LogPath}}' livekit-redis")
    before = host.check_output("docker logs livekit-redis").splitlines()
    host.check_output("python3 -c %s %s", AGED, path)
    read = host.check_output("docker logs livekit-redis").splitlines()
    assert read == ["put aside, 9 days", "put aside, 6 days", "8 days", *before]
    host.check_output("systemctl start livekit-trim-logs.service")
    assert host.check_output("docker logs livekit-redis").splitlines() == ["put aside, 6 days", *before]
    assert host.file(f"{path}.1").mode == 0o640
    host.check_output("docker restart livekit-redis")
    assert len(host.check_output("docker logs livekit-redis").splitlines()) > len(before) + 1
    assert host.check_output("systemctl is-active livekit-trim-logs.timer") == "active"


def test_processes_are_limited_and_memory_is_not(host):
    """A memory limit would turn a shortage into lost calls. The agent, which has one, does not run here."""
    look = "docker inspect --format '{{.HostConfig.PidsLimit}} {{.HostConfig.Memory}}'"
    assert host.check_output(f"{look} livekit-redis livekit-server livekit-sip").splitlines() == 3 * ["1024 0"]


AGED = """
import json, sys, time
def line(days, text):
    day = time.strftime("%Y-%m-%dT%H:%M:%S.5Z", time.gmtime(time.time() - days * 86400))
    entry = {"log": text + chr(10), "stream": "stdout", "time": day}
    return json.dumps(entry, separators=(",", ":")) + chr(10)
path = sys.argv[1]
open(path + ".1", "w").write(line(9, "put aside, 9 days") + line(6, "put aside, 6 days"))
now = open(path).read()
open(path, "r+").write(line(8, "8 days") + now)
"""


def test_an_image_is_asked_once_for_its_version(host, folder):
    image_id = "docker inspect --format '{{.Image}}' "
    kept = {
        host.check_output(image_id + "livekit-server"): build.PINNED,
        host.check_output(image_id + "livekit-sip"): STANDS_IN_FOR,
    }
    assert json.loads(host.file(KEPT_VERSIONS).content_string) == kept
    before = now(host)
    code, output = play(folder, ["livekit_server", "livekit_sip"])
    assert code == 0 and "changed=0" in output, output[-3000:]
    assert host.check_output(f"docker events --since {before} --until {now(host)} --filter event=create") == ""
    host.check_output(f"rm {KEPT_VERSIONS}")
    code, output = play(folder, ["livekit_server", "livekit_sip"])
    assert code == 0 and "changed=0" in output, output[-3000:]
    assert json.loads(host.file(KEPT_VERSIONS).content_string) == kept


def test_a_key_that_the_image_is_too_old_for_is_refused(host, folder):
    """The tag of the image does not contain a version."""
    before = seen(host)
    turn = {"enabled": True, "udp_port": 3478, "proxy_protocol": False}
    code, output = play(folder, ["livekit_server"], livekit_server_turn=turn)
    assert code == 2, output[-3000:]
    told = (
        f"livekit_server_turn.proxy_protocol (from 1.13.7) is invalid: livekit-server {build.PINNED} does not know it"
    )
    assert told in " ".join(output.split()), output[-3000:]
    assert seen(host) == before


def state(host, container):
    return host.run(
        f"docker inspect --format '{{{{.State.Running}}}} {{{{.RestartCount}}}}' {container}"
    ).stdout.strip()


def ports(host):
    return host.check_output(f"cat {RESERVED}")


OURS_TOO = "5060,6379,7880-7882,8080,8085,10000-10100"


def test_the_ports_are_reserved_beside_the_operators(host):
    assert ports(host) == OURS_TOO


def test_a_power_cut_loses_neither_trunks_nor_settings(host):
    """Every process is killed at once. Unlike in a real power cut, data that the kernel has not yet written survive."""
    container = hosts.client().containers.get(HOST["name"])
    container.kill()
    container.start()
    host = hosts.booted(HOST["name"])
    hosts.wait_for(lambda: sorted(trunks(host)) == ["last word", "line"])
    assert ports(host) == OURS_TOO


def rings(host):
    answers = sip.invite(host, HOST["address"], HOST["address"], NUMBER)
    return answers[:2] == ["100 Processing", "180 Ringing"]


def seen(host):
    """Return the containers, and the folders and checksums of their configs."""
    containers = host.check_output("docker ps --all --format '{{.Names}} {{.Image}} {{.State}}'")
    folders = host.check_output("find /etc/livekit/server /etc/livekit/sip -printf '%p %m %U %G\\n'")
    config = host.check_output("find /etc/livekit/server /etc/livekit/sip -type f -exec sha256sum {} +")
    return [sorted(text.splitlines()) for text in (containers, folders, config)]


@pytest.mark.parametrize("container", EXITS)
def test_an_image_that_exits_at_once_leaves_what_ran_before(host, folder, container):
    hosts.wait_for(lambda: rings(host))
    entrypoint = f"ENTRYPOINT {json.dumps(EXITS[container])}"
    host.check_output(f"docker commit --change '{entrypoint}' {container} broken/{container}:1")
    before, role = seen(host), container.replace("-", "_")
    # The image runs as another user, so the folder of the config changes to that user's group.
    broken = {f"{role}_image": f"broken/{container}:1", f"{role}_image_archive": "", f"{role}_user": "10020:10020"}
    code, output = play(folder, [role], **broken)
    told = output.partition("fatal: ")[2]
    assert code == 2, output[-3000:]
    assert f"{container} did not become healthy" in told and "container is running again" in told, output[-3000:]
    unknown = f"Warning: neither broken/{container}:1 nor its tag tells the version of {container}"
    # The version of livekit-sip matters only if livekit_sip_config_extra sets a key.
    assert (unknown in " ".join(output.split())) == (container == "livekit-server"), output
    assert seen(host) == before
    hosts.wait_for(lambda: rings(host))


def test_a_server_that_does_not_know_the_key_leaves_what_ran_before(host, folder):
    """livekit-sip's own health check reports OK."""
    before = seen(host)
    other = {"livekit_sip_api_key": "APIexample", "livekit_sip_api_secret": "0123456789abcdef0123456789abcdef"}
    code, output = play(folder, ["livekit_sip"], **other)
    assert code == 2, output[-3000:]
    assert "livekit-server does not serve it" in output and "container is running again" in output, output[-3000:]
    assert seen(host) == before
    hosts.wait_for(lambda: rings(host))


def test_another_redis_than_that_of_the_server_leaves_what_ran_before(host, folder):
    """livekit-sip would report that it is healthy, and no call would be answered."""
    image = host.check_output("docker inspect --format '{{.Config.Image}}' livekit-redis")
    host.check_output(f"docker run --detach --name another-redis --network host {image} --port 6390")
    hosts.wait_for(lambda: host.run("ss -ltn | grep :6390").rc == 0)
    before = seen(host)
    code, output = play(folder, ["livekit_sip"], livekit_sip_redis={"address": "127.0.0.1:6390"})
    assert code == 2, output[-3000:]
    told = " ".join(output.partition("fatal: ")[2].split())
    assert "livekit_sip_redis: no livekit-server uses the Redis at 127.0.0.1:6390" in told, output[-3000:]
    assert seen(host) == before
    host.check_output("docker rm --force another-redis")
    hosts.wait_for(lambda: rings(host))


def test_one_image_is_changed_by_its_part_of_the_site_alone(host, folder):
    """The run needs no extra variables, does not touch the other containers, and summarizes only its part."""
    old = host.check_output("docker inspect --format '{{.Config.Image}}' livekit-sip")
    host.check_output(f"docker tag {old} registry.example.com/livekit/sip:another")
    look = "docker inspect --format '{{.Id}} {{.State.StartedAt}}' livekit-redis livekit-server"
    others = host.check_output(look)
    another = {"livekit_sip_image": "registry.example.com/livekit/sip:another", "livekit_sip_image_archive": ""}
    *inventory, _play = playbook_of(folder, [], **another)
    site = playbook.REPOSITORY / "playbooks" / "site.yml"
    code, output = playbook.run(*inventory, site, "--tags", "sip")
    assert code == 0, output[-3000:]
    assert host.check_output("docker inspect --format '{{.Config.Image}}' livekit-sip") == another["livekit_sip_image"]
    assert host.check_output(look) == others
    summary = output.rpartition("TASK [Summary]")[2]
    assert f"What runs on {HOST['name']}" in summary and "livekit-sip IS A STAND-IN HERE" in summary
    assert f"healthy  {another['livekit_sip_image']} (stand-in)" in summary and "livekit-redis" not in summary
    hosts.wait_for(lambda: rings(host))
    code, output = play(folder, ["livekit_sip"])
    assert code == 0, output[-3000:]


def test_without_the_command_docker_nothing_is_drained(host, folder):
    """The host has Docker, but not its client."""
    before = seen(host)
    host.check_output("mv /usr/bin/docker /usr/bin/docker.aside")
    try:
        code, output = play(folder, ["livekit_sip"], livekit_sip_logging_level="warn")
    finally:
        host.check_output("mv /usr/bin/docker.aside /usr/bin/docker")
    assert code == 2, output[-3000:]
    assert "has no docker command in its PATH" in " ".join(output.split()), output[-3000:]
    assert "Hold new calls back" not in output
    assert seen(host) == before


def held_back(host):
    return "new_calls_held_back" in host.check_output("nft --stateless list chain inet livekit draining")


MOMENTS = {
    "calls are held back": held_back,
    "the container is replaced": lambda host: host.run("docker inspect livekit-sip-previous").rc == 0,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_killed_leaves_a_line_that_rings(host, folder, moment):
    """The controller and all its workers are killed while a ringing call keeps livekit-sip from ending at once."""
    hosts.wait_for(lambda: rings(host))
    running = playbook.start(*playbook_of(folder, ["livekit_sip"], livekit_sip_logging_level="debug"))
    hosts.wait_for(lambda: MOMENTS[moment](host) or running.poll() is not None, pause=0.02)
    assert running.poll() is None, running.stdout.read()[-3000:]
    killed = now(host)
    kill_all(running.pid)
    hosts.wait_for(lambda: rings(host))
    # The firewall opens at most a minute after the limit. The rest is for a call on a busy machine.
    assert now(host) - killed < DRAIN_LIMIT + 60 + 120
    code, healed = play(folder, ["livekit_sip"])
    assert code == 0, healed[-3000:]
    assert sorted(line.split()[0] for line in seen(host)[0]) == ["livekit-redis", "livekit-server", "livekit-sip"]
    assert not any(".next" in path for path in seen(host)[1])


def now(host):
    return float(host.check_output("date +%s.%N"))


def test_calls_are_drained_after_a_power_cut_in_a_replacement(host, folder):
    """Docker has started the previous container again, under the name that a replacement gives it. A call rings."""
    hosts.wait_for(lambda: rings(host))
    host.check_output("docker rename livekit-sip livekit-sip-previous")
    running = playbook.start(*playbook_of(folder, ["livekit_sip"], livekit_sip_logging_level="warn"))
    hosts.wait_for(lambda: held_back(host) or running.poll() is not None, pause=0.02)
    assert running.poll() is None, running.stdout.read()[-3000:]
    output = running.communicate()[0]
    assert running.returncode == 0, output[-3000:]
    assert [line.split()[0] for line in seen(host)[0] if "sip" in line] == ["livekit-sip"]
    code, output = play(folder, ["livekit_sip"])
    assert code == 0, output[-3000:]


def test_after_all_that_a_run_changes_nothing(host, folder):
    code, output = play(folder, ["livekit_redis", "livekit_server", "livekit_sip", "livekit_routing"])
    assert code == 0, output[-3000:]
    assert "changed=0" in output, output[-3000:]


def test_another_program_on_a_port_is_named(host, folder):
    """The collection's own containers, whose ports are in use too, are not named."""
    holder = "import socket, time; s = socket.socket(); s.bind(('198.51.100.162', 5070)); s.listen(); time.sleep(600)"
    host.check_output(f'systemd-run --quiet --unit=holder python3 -c "{holder}"')
    hosts.wait_for(lambda: host.run("ss -ltn | grep :5070").rc == 0)
    before = seen(host)
    code, output = play(folder, ["livekit_redis", "livekit_server", "livekit_sip"], livekit_sip_sip_port=5070)
    host.check_output("systemctl stop holder")
    assert code == 2
    told = " ".join(output.partition("fatal: ")[2].split())
    assert "livekit_sip_sip_port is 5070" in told and "belongs to python3 (process " in told, output
    assert "livekit_redis_port is" not in output and "livekit_server_port is" not in output
    assert seen(host) == before
    hosts.wait_for(lambda: rings(host))


def test_absent_leaves_what_the_operator_had(host, folder):
    """5060 was reserved before and stays reserved; the roles that remain keep their ports."""
    code, output = play(folder, ["livekit_sip"], "absent")
    assert code == 0, output
    assert ports(host) == "5060,6379,7880-7882,8080"
    code, output = play(folder, ["livekit_server", "livekit_redis"], "absent")
    assert code == 0, output
    assert ports(host) == OPERATORS
    assert not host.file("/etc/sysctl.d/99-livekit.conf").exists
    assert host.check_output("cat /etc/sysctl.d/50-operator.conf").endswith(OPERATORS)
    assert host.run("ls /etc/livekit/redis /etc/livekit/sip /etc/livekit/server").stdout == ""
    code, output = play(folder, ["livekit_firewall", "livekit_docker"], "absent")
    assert code == 0, output
    assert host.run("find /etc/systemd /usr/local /run/systemd -name '*livekit*'").stdout == ""
