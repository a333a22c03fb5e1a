# SPDX-License-Identifier: GPL-3.0-or-later
"""The line rings again after a run is killed at any moment, and after a container or the host restarts.

A kill ends the controller and all its workers: before each task that acts on the host, once the host has changed, and
in the middle of each task that changes the host step by step; the latter also with a power cut. Two configurations
alternate, so the run that repairs the host also prepares the next kill. With -s, each kill prints how long the
line was silent.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.images import build
from tests.support import hosts, playbook
from tests.support.caller import Caller
from tests.support.killing import kill_all
from tools.deploy.images import fallback_variables

NETWORK, SUBNET = "livekit-kills", "198.51.100.192/27"
GATEWAY, ADDRESS = "198.51.100.193", "198.51.100.194"
HOST = f"{NETWORK}-host"
NUMBER, ANOTHER = "+12025550100", "+12025550101"
CONTAINERS = ("livekit-redis", "livekit-server", "livekit-sip")
DRAIN_LIMIT = 10
# The firewall opens at most a minute after the limit. The rest is for a call on a busy machine.
LONGEST_SILENCE = DRAIN_LIMIT + 60 + 60
LONG = 1.0
STEP_BY_STEP = {"telephony.livekit.internal_container", "telephony.livekit.livekit_sip_routing"}
# Actions that run on the controller: a kill before one has the same effect as a kill before the next task.
ON_THE_CONTROLLER = {"assert", "debug", "fail", "include_role", "include_tasks", "include_vars", "set_fact", "meta"}
ROLES = ["livekit_docker", "livekit_firewall", "livekit_redis", "livekit_server", "livekit_sip", "livekit_routing"]
# Two configurations for each role, between which the runs alternate.
CHANGES = {
    "livekit_sip": ({"livekit_sip_logging_level": "info"}, {"livekit_sip_logging_level": "debug"}),
    # A rule in the kernel and a systemd unit.
    "livekit_firewall": tuple(
        {"livekit_firewall_new_calls_burst": burst, "livekit_firewall_reloading_services": ["nftables.service", *more]}
        for burst, more in ((50, []), (60, ["ufw.service"]))
    ),
    "livekit_server": ({"livekit_server_logging_level": "info"}, {"livekit_server_logging_level": "debug"}),
    "livekit_redis": ({"livekit_redis_appendfsync": "everysec"}, {"livekit_redis_appendfsync": "always"}),
    "livekit_docker": ({"livekit_docker_log_days": 7}, {"livekit_docker_log_days": 8}),
    "livekit_routing": tuple(
        {"livekit_routing_inbound_trunks": [{"name": "line", "numbers": numbers}]}
        for numbers in ([NUMBER], [NUMBER, ANOTHER])
    ),
}


@dataclass
class Line:
    """A host with a line, and the configuration that it has or is about to get."""

    image: str
    folder: Path
    variables: dict = field(default_factory=dict)

    def begin(self, roles, **environment):
        group = {"hosts": {HOST: None}}
        groups = dict.fromkeys(("livekit_redis", "livekit_server", "livekit_sip"), group)
        inventory, play = self.folder / "inventory.json", self.folder / "play.yml"
        inventory.write_text(json.dumps({"all": {"vars": {**common(), **self.variables}, "children": groups}}))
        named = [f"telephony.livekit.{role}" for role in roles]
        play.write_text(json.dumps([{"hosts": "all", "gather_subset": ["!all", "network"], "roles": named}]))
        return playbook.start("-i", inventory, play, **environment)

    def play(self, roles, **environment):
        """Run the roles successfully and return the output."""
        running = self.begin(roles, **environment)
        output, _unused = running.communicate()
        assert running.returncode == 0, output[-4000:]
        return output

    def told(self, roles):
        """Run the roles and return the events of moments.py, such as {"event": "starts", "task": ..., "time": ...}."""
        record = self.folder / "record"
        record.unlink(missing_ok=True)
        leave_a_call_that_rings()
        self.play(roles, **watched(record))
        return [json.loads(line) for line in record.read_text().splitlines()]


def common():
    images = build.images()
    return {
        "ansible_connection": "community.docker.docker",
        "ansible_python_interpreter": "/usr/bin/python3",
        **fallback_variables(images, images),
        "livekit_docker_live_restore": False,
        "livekit_sip_rtp_port": "10000-10100",
        "livekit_sip_drain_timeout": DRAIN_LIMIT,
        "livekit_firewall_signalling_networks": [SUBNET],
        "livekit_firewall_media_networks": [SUBNET],
        "livekit_routing_inbound_trunks": [{"name": "line", "numbers": [NUMBER]}],
        "livekit_routing_dispatch_rules": [
            {"name": "line", "trunks": ["line"], "individual": {"room_prefix": "call-"}}
        ],
    }


def watched(record, stop=""):
    return {
        "ANSIBLE_CALLBACK_PLUGINS": str(playbook.REPOSITORY / "tests/support/callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "moments",
        "MOMENTS_RECORD": str(record),
        "MOMENTS_STOP": stop,
    }


@pytest.fixture(scope="module", params=["host-debian13", "host-debian12"])
def line(request, tmp_path_factory):
    machine = [{"name": HOST, "image": request.param, "address": ADDRESS}]
    line = Line(request.param, tmp_path_factory.mktemp("kills"))
    try:
        hosts.up(NETWORK, SUBNET, machine)
        line.play(ROLES)
        hosts.wait_for(rings)
        yield line
    finally:
        hosts.down(NETWORK, SUBNET, machine)


def rings(patience=2, hang_up=True):
    """Return whether a call from another machine rings: calls from the host itself bypass the firewall."""
    with Caller(5060, source=GATEWAY, target=ADDRESS) as caller:
        caller.invite(NUMBER)
        answers = caller.listen(patience, lambda answers: bool(answers) and answers[-1].status >= "180")
        rang = bool(answers) and answers[-1].status == "180 Ringing"
        if rang and hang_up:
            caller.cancel()
        return rang


def leave_a_call_that_rings():
    """Leave a ringing call, which keeps livekit-sip from ending at once."""
    hosts.wait_for(lambda: rings(hang_up=False))


def silence(began):
    """Wait until the line rings and return the seconds since `began`."""
    hosts.wait_for(rings, seconds=LONGEST_SILENCE, pause=0.5)
    return time.monotonic() - began


def power_cut():
    """Kill every process at once. Unlike in a real power cut, data that the kernel has not yet written survive."""
    container = hosts.client().containers.get(HOST)
    container.kill()
    container.start()


@dataclass(frozen=True)
class Moment:
    task: str
    seconds: float = 0  # after the task's start
    power: bool = False  # whether the host loses power as well

    def __str__(self):
        middle = f", {self.seconds:.1f} s after its start" if self.seconds else ""
        return f"{self.task}{middle}{', and the power is cut' if self.power else ''}"


def moments(events):
    """Return the moments at which to kill a run that has these events."""
    starts = {event["task"]: event["time"] for event in events if event["event"] == "starts"}
    ends = [
        event
        for event in events
        if event["event"] == "ends" and event["action"].rpartition(".")[2] not in ON_THE_CONTROLLER
    ]
    found, changed = [], False
    for event in ends:
        task = event["task"]
        if changed:
            found.append(Moment(task))
        changed = changed or event["changed"]
        took = event["time"] - starts[task]
        if event["changed"] and (took > LONG or event["action"] in STEP_BY_STEP):
            found += [Moment(task, took / 2), Moment(task, took / 2, power=True)]
    return found


class TooLateError(Exception):
    """The run ended before the kill: the machine was busier when the task was timed."""


def kill(line, role, moment):
    """Kill a run at this moment, and return the seconds until the line rang."""
    record = line.folder / "record"
    record.unlink(missing_ok=True)
    leave_a_call_that_rings()
    running = line.begin([role], **watched(record, "" if moment.seconds else moment.task))

    def is_there():
        assert running.poll() is None, running.stdout.read()[-4000:]
        return record.exists() and f'"task": {json.dumps(moment.task)}' in record.read_text()

    hosts.wait_for(is_there, pause=0.02)
    time.sleep(moment.seconds)
    if running.poll() is not None:
        output, _unused = running.communicate()
        assert running.returncode == 0, output[-4000:]
        raise TooLateError
    kill_all(running.pid)
    running.communicate()
    began = time.monotonic()
    if moment.power:
        power_cut()
    took = silence(began)
    if moment.power:
        hosts.booted(HOST)
    return took


def heal(line, role):
    """Run the role again to repair the host, and once more to show that nothing is left to do."""
    line.play([role])
    again = line.play([role])
    assert "changed=0" in again, again[-4000:]
    host = hosts.booted(HOST)
    assert sorted(host.check_output("docker ps --all --format '{{.Names}}'").split()) == sorted(CONTAINERS)
    left = host.check_output("find /etc/livekit /run /var/tmp -name .next -o -name .previous -o -name 'livekit-*.tar'")
    assert left == ""
    assert host.run("systemctl show --property=NeedDaemonReload '*' | grep yes").stdout == ""


@pytest.mark.parametrize("role", CHANGES)
def test_a_run_that_is_killed_leaves_a_line_that_rings(line, role):
    if line.image == "host-debian12" and role not in ("livekit_sip", "livekit_firewall"):
        pytest.skip("done on Debian 13: these roles do the same there")
    configurations, failures = list(CHANGES[role]), []
    line.variables = configurations[1]
    todo = moments(line.told([role]))
    assert todo
    while todo:
        moment = todo.pop(0)
        line.variables = configurations[0]
        configurations.reverse()
        try:
            took = kill(line, role, moment)
            print(f"{line.image} {role}: {moment}: rang after {took:.1f} s", flush=True)
            heal(line, role)
        except TooLateError:
            todo.insert(0, replace(moment, seconds=moment.seconds / 2))
        except AssertionError as problem:
            failures.append(f"{moment}: {problem}")
            print(f"{line.image} {role}: FAILED {failures[-1]}", flush=True)
            line.play([role])
    line.variables = {}
    line.play([role])
    assert not failures, "\n\n".join(failures)


def started(host):
    look = host.check_output(f"docker inspect --format '{{{{.Name}}}} {{{{.State.StartedAt}}}}' {' '.join(CONTAINERS)}")
    return dict(one.removeprefix("/").split() for one in look.splitlines())


def kill_process(host, container):
    process = host.check_output(f"docker inspect --format '{{{{.State.Pid}}}}' {container}")
    host.check_output(f"kill -9 {process}")


def stop_and_start(host, container):
    host.check_output(f"docker stop {container}")
    host.check_output(f"docker start {container}")


RESTARTS = {"is killed": kill_process, "is stopped and started": stop_and_start}
RESTARTS_OF_ALL = {
    "Docker restarts": lambda host: host.check_output("systemctl restart docker"),
    "the power is cut": lambda _host: power_cut(),
}


def restart(line, what, restarts, containers):
    """Restart three times in a row. Each time exactly these containers start again, and a call rings."""
    for _time in range(3):
        host = hosts.booted(HOST)
        hosts.wait_for(rings)
        before, began = started(host), time.monotonic()
        restarts(host)
        after = hosts.wait_for(lambda before=before: newly_started(before, containers))
        took = silence(began)
        print(f"{line.image} {what}: rang after {took:.1f} s", flush=True)
        assert {name for name in CONTAINERS if after[name] != before[name]} == set(containers)


def newly_started(before, containers):
    """Return the start times of all containers, or None until each of these has started again."""
    host = hosts.booted(HOST)
    now = started(host)
    return now if all(now[name] != before[name] for name in containers) else None


@pytest.mark.parametrize("how", RESTARTS)
@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_that_restarts_leaves_a_line_that_rings(line, container, how):
    restart(line, f"{container} {how}", lambda host: RESTARTS[how](host, container), [container])


@pytest.mark.parametrize("how", RESTARTS_OF_ALL)
def test_a_host_that_restarts_leaves_a_line_that_rings(line, how):
    restart(line, how, RESTARTS_OF_ALL[how], CONTAINERS)
