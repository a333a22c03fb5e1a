# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports are reserved and buffers raised next to the operator's settings, and exactly these changes are reverted."""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _sysctl

PORTS, BUFFER = "net/ipv4/ip_local_reserved_ports", "net/core/rmem_max"


class Kernel:
    def __init__(self, folder, ports="", buffer="212992"):
        self.proc, self.file = folder / "proc", folder / "sysctl.d" / "99-livekit.conf"
        for name, value in {PORTS: ports, BUFFER: buffer}.items():
            (self.proc / name).parent.mkdir(parents=True, exist_ok=True)
            self.set(name, value)

    def set(self, name, value):
        (self.proc / name).write_text(f"{value}\n")

    def says(self, name):
        return (self.proc / name).read_text().strip()

    def run(self, role, *ports, state="present", rmem_max=0, check=False):
        if state == "absent":
            return self.outcome(lambda sysctl: sysctl.release([role]), check)
        return self.settle({role: ports}, {role: rmem_max} if rmem_max else {}, check)

    def settle(self, ports, rmem_max, check=False):
        return self.outcome(lambda sysctl: sysctl.reserve(ports, rmem_max), check)

    def outcome(self, settle, check):
        sysctl = _sysctl.Sysctl(_sysctl.Kernel(self.proc, check), self.file)
        return {"changed": settle(sysctl), "set": sysctl.set, "refused": sysctl.refused}


@pytest.fixture
def kernel(tmp_path):
    return Kernel(tmp_path, ports="5060,8080")


def test_two_roles_come_and_go_beside_the_operator(kernel):
    assert kernel.run("livekit_server", "7880", "7881", rmem_max=5000000)["changed"]
    assert kernel.run("livekit_sip", "5060", "10000-10002")["changed"]
    assert kernel.says(PORTS) == "5060,7880-7881,8080,10000-10002"
    assert kernel.says(BUFFER) == "5000000"
    for role, ports in (("livekit_server", ["7880", "7881"]), ("livekit_sip", ["5060", "10000-10002"])):
        assert not kernel.run(role, *ports, rmem_max=5000000 if role == "livekit_server" else 0)["changed"]
    assert f"{PORTS.replace('/', '.')} = 5060,7880-7881,8080,10000-10002" in kernel.file.read_text()

    kernel.run("livekit_server", state="absent")
    assert (kernel.says(PORTS), kernel.says(BUFFER)) == ("5060,8080,10000-10002", "212992")
    kernel.run("livekit_sip", state="absent")
    assert kernel.says(PORTS) == "5060,8080"
    assert not kernel.file.exists()
    assert not kernel.run("livekit_sip", state="absent")["changed"]


def test_all_roles_of_a_host_at_once_and_one_that_goes(kernel):
    given = {"livekit_redis": ["6379"], "livekit_server": ["7880"], "livekit_agent": []}
    assert kernel.settle(given, {"livekit_server": 5000000})["changed"]
    assert (kernel.says(PORTS), kernel.says(BUFFER)) == ("5060,6379,7880,8080", "5000000")
    assert not kernel.settle(given, {"livekit_server": 5000000})["changed"]
    kernel.run("livekit_redis", state="absent")
    assert (kernel.says(PORTS), kernel.says(BUFFER)) == ("5060,7880,8080", "5000000")


def test_ports_that_a_role_no_longer_has_are_released(kernel):
    kernel.run("livekit_sip", "10000-10100")
    kernel.run("livekit_sip", "20000-20100")
    assert kernel.says(PORTS) == "5060,8080,20000-20100"


def test_what_the_operator_reserves_later_stays(kernel):
    kernel.run("livekit_sip", "10000")
    kernel.set(PORTS, "5060,8080,9090,10000")
    kernel.run("livekit_sip", state="absent")
    assert kernel.says(PORTS) == "5060,8080,9090"


def test_a_larger_buffer_is_left_alone_and_one_that_the_operator_sets_later_too(kernel):
    kernel.set(BUFFER, "8000000")
    kernel.run("livekit_server", "7880", rmem_max=5000000)
    assert kernel.says(BUFFER) == "8000000" and "rmem_max" not in kernel.file.read_text()
    kernel.set(BUFFER, "212992")
    kernel.run("livekit_server", "7880", rmem_max=5000000)
    kernel.set(BUFFER, "9000000")
    kernel.run("livekit_server", state="absent")
    assert kernel.says(BUFFER) == "9000000"


def test_a_check_says_what_a_run_does_and_does_nothing(kernel):
    checked = kernel.run("livekit_server", "7880", rmem_max=5000000, check=True)
    assert (kernel.says(PORTS), kernel.says(BUFFER), kernel.file.exists()) == ("5060,8080", "212992", False)
    assert checked == kernel.run("livekit_server", "7880", rmem_max=5000000)


def test_what_cannot_be_set_is_a_warning_and_not_kept(kernel):
    (kernel.proc / BUFFER).unlink()
    (kernel.proc / BUFFER).mkdir()
    said = kernel.run("livekit_server", "7880", rmem_max=5000000)
    assert said["refused"] == ["net.core.rmem_max cannot be read and cannot be set to 5000000 (Is a directory)"]
    assert "rmem_max" not in kernel.file.read_text()
    assert not kernel.run("livekit_server", "7880", rmem_max=5000000)["changed"]
