# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty parallel copies of a task leave exactly one object, and no call gets a 503 afterwards.

livekit-server does not lock: it stores the objects of two simultaneous creates. ROUNDS=200 runs 200 rounds of each
kind, with 2 to 20 copies; the default is fewer rounds.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _run
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import DISPATCH_RULE, INBOUND_TRUNK
from ansible_collections.telephony.livekit.plugins.module_utils._objects import Item
from ansible_collections.telephony.livekit.plugins.module_utils._plan import Desired

from tests.images import build
from tests.support.oracle import CALLER, Oracle
from tests.support.playbook import Playbook

CHECKOUT = Path(__file__).resolve().parent.parent.parent
COPIES = 20
NUMBER = "+12025550101"
TRUNK = {"name": "t", "numbers": [NUMBER]}
RULE = {"name": "r", "trunks": ["t"], "individual": {"room_prefix": "call-"}}


@pytest.fixture(autouse=True)
def clock():
    """Use the real clock, because these runs wait for each other."""


class Failed(Exception):
    pass


class Copy:
    """The part of a module that `converge` needs, without a process."""

    check_mode = False

    def __init__(self, livekit):
        self.params = {
            "url": livekit.url,
            "api_key": livekit.api_key,
            "api_secret": livekit.api_secret,
            "validate_certs": True,
            "ca_path": None,
            "timeout": 120,
        }

    def warn(self, _message):
        pass

    def fail_json(self, msg, **_kwargs):
        raise Failed(msg)


def run_copies(livekit, wishes_of, count=COPIES):
    start, ends = threading.Barrier(count), []

    def run():
        module = Copy(livekit)
        start.wait()
        try:
            ends.append(bool(_run.converge(module, wishes_of()).actions))
        except Exception as failure:  # report a failure of the module, or a bug
            ends.append(f"{type(failure).__name__}: {failure}")

    threads = [threading.Thread(target=run) for _unused in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def assert_ends_well(ends):
    """Each copy succeeds or names the conflict: on a busy machine, it may read before the other copies have settled."""
    assert True in ends, ends
    for end in ends:
        assert end in (True, False) or re.search("are named '[tr]'|both claim|another run", end), end


def trunk_wish():
    return {INBOUND_TRUNK.name: Desired([Item.from_options(INBOUND_TRUNK, TRUNK)])}


def line_wishes():
    return {**trunk_wish(), DISPATCH_RULE.name: Desired([Item.from_options(DISPATCH_RULE, RULE)])}


@pytest.fixture
def rounds(livekit):
    """A function that returns the number of copies for each round. Few rounds suffice to find duplicates or losses."""

    def counts(usual):
        few = usual if livekit.version == build.PINNED else max(usual // 10, 2)
        wanted = int(os.environ.get("ROUNDS", "0"))
        return [random.randint(2, COPIES) for _unused in range(wanted)] or [COPIES, 2, *[8] * (few - 2)]

    return counts


@pytest.fixture(scope="module")
def oracle(running_livekit):
    with Oracle(running_livekit) as asked:
        yield asked


def assert_one_line(livekit, oracle, ends):
    _status, trunks = livekit.twirp("SIP", "ListSIPInboundTrunk")
    _status, rules = livekit.twirp("SIP", "ListSIPDispatchRule")
    (trunk,), (rule,) = trunks["items"], rules["items"]
    assert rule["trunk_ids"] == [trunk["sip_trunk_id"]], ends
    assert oracle.ask(NUMBER)["result"] == "ACCEPT", ends


def test_copies_of_a_trunk(livekit, oracle, rounds):
    for copies in rounds(100):
        livekit.flush()
        ends = run_copies(livekit, trunk_wish, copies)
        _status, trunks = livekit.twirp("SIP", "ListSIPInboundTrunk")
        assert len(trunks["items"]) == 1, ends
        assert_ends_well(ends)
        assert "auth_error" not in oracle.ask(NUMBER)


def test_copies_of_a_line(livekit, oracle, rounds):
    for copies in rounds(100):
        livekit.flush()
        ends = run_copies(livekit, line_wishes, copies)
        assert_one_line(livekit, oracle, ends)
        assert_ends_well(ends)


@pytest.mark.parametrize("kind", ["trunk", "caller", "rule", "line"])
def test_other_names_for_the_same_calls(livekit, oracle, rounds, kind):
    """The objects of one run remain, and every other run reports the conflict."""
    for count in rounds(20):
        livekit.flush()
        if kind == "rule":
            livekit.twirp("SIP", "CreateSIPInboundTrunk", {"trunk": TRUNK})
        copies = itertools.count()

        def desired(copies=copies):
            number = next(copies)
            trunk = {**TRUNK, "name": f"t{number}"}
            if kind == "caller" and number % 2:
                # The other copies allow any caller: livekit-server itself sees no conflict with their trunks.
                trunk["allowed_numbers"] = [CALLER]
            rule = {**RULE, "name": f"r{number}", "trunks": ["t" if kind == "rule" else trunk["name"]]}
            wanted = {}
            if kind != "rule":
                wanted[INBOUND_TRUNK.name] = Desired([Item.from_options(INBOUND_TRUNK, trunk)])
            if kind in ("rule", "line"):
                wanted[DISPATCH_RULE.name] = Desired([Item.from_options(DISPATCH_RULE, rule)])
            return wanted

        ends = run_copies(livekit, desired, count)
        assert ends.count(True) == 1, ends
        assert all(end is True or "both claim" in end for end in ends), ends
        _status, trunks = livekit.twirp("SIP", "ListSIPInboundTrunk")
        assert len(trunks["items"]) == 1, ends
        if kind in ("trunk", "caller"):
            assert "auth_error" not in oracle.ask(NUMBER)
        else:
            assert_one_line(livekit, oracle, ends)


@pytest.mark.one_server(reason="copies in threads race there, and processes tell nothing more of a server")
@pytest.mark.parametrize("names", ["same", "other"])
def test_copies_in_processes(livekit, oracle, names):
    """Five rounds in which all copies use the same names, and five in which each copy uses its own."""
    for copies in (2, 2, 3, 4, 8):
        livekit.flush()
        runs = []
        for number in range(copies):
            suffix = "" if names == "same" else str(number)
            trunk = {**TRUNK, "name": f"t{suffix}"}
            rule = {**RULE, "name": f"r{suffix}", "trunks": [trunk["name"]]}
            runs.append(Run(livekit, inbound_trunks=[trunk], dispatch_rules=[rule]))
        for run in runs:
            run.wait_until_ready()
        for run in runs:
            run.go()
        results = [run.result() for run in runs]
        ends = [result["msg"] if result.get("failed") else result["changed"] for result in results]
        assert_one_line(livekit, oracle, ends)
        assert_ends_well(ends)


class Run:
    """A module in a separate process that imports what it needs and then waits for `go`."""

    PROGRAM = """
import json, sys
from tests.support.modules import ModuleRunner
url, api_key, api_secret, options = json.loads(sys.stdin.readline())
modules = ModuleRunner(url, api_key, api_secret)
modules.routing(check=True, assume_empty=True, inbound_trunks=[], dispatch_rules=[])
print("ready", flush=True)
sys.stdin.readline()
print(json.dumps(modules.routing(**options)))
"""

    def __init__(self, livekit, **options) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
        )
        self._say(json.dumps([livekit.url, livekit.api_key, livekit.api_secret, options]))

    def wait_until_ready(self) -> None:
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        self._say("go")

    def result(self) -> dict:
        return json.loads(self.process.communicate()[0])

    def _say(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()


@pytest.mark.one_server(reason="copies in threads race there, and more of ansible-playbook tells nothing of a server")
def test_copies_of_a_playbook(livekit, oracle, tmp_path):
    routing = {"inbound_trunks": [TRUNK], "dispatch_rules": [RULE]}
    playbook = Playbook(livekit, tmp_path, [{"name": "Route", "telephony.livekit.livekit_sip_routing": routing}])
    runs = [playbook.start() for _copy in range(COPIES)]
    outputs = [run.communicate()[0] for run in runs]
    assert_ends_well([output if run.returncode else True for run, output in zip(runs, outputs, strict=True)])
    assert_one_line(livekit, oracle, outputs)
