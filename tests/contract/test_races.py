# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty copies of the same task at once leave exactly one object, and no call gets 503 afterwards.

livekit-server does not lock: two creates at the same moment are both stored.
"""

from __future__ import annotations

import itertools
import re
import threading

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _run
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import DISPATCH_RULE, INBOUND_TRUNK
from ansible_collections.telephony.livekit.plugins.module_utils._objects import Item
from ansible_collections.telephony.livekit.plugins.module_utils._plan import Desired

from tests.images import build
from tests.support.oracle import CALLER, Oracle
from tests.support.playbook import Playbook

COPIES = 20
NUMBER = "+12025550101"
TRUNK = {"name": "t", "numbers": [NUMBER]}
RULE = {"name": "r", "trunks": ["t"], "individual": {"room_prefix": "call-"}}


class Failed(Exception):
    pass


class Copy:
    """What `converge` needs of a module, without a process."""

    check_mode = False

    def __init__(self, livekit):
        self.params = {
            "url": livekit.url,
            "api_key": livekit.api_key,
            "api_secret": livekit.api_secret,
            "validate_certs": True,
            "ca_path": None,
            "timeout": 10,
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
        except Exception as failure:  # a failure of the module or a bug, told either way
            ends.append(f"{type(failure).__name__}: {failure}")

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def assert_ends_well(ends):
    """Each copy ends ok, or says what happened: on a busy machine one may look while others are still settling."""
    assert True in ends, ends
    for end in ends:
        assert end in (True, False) or re.search("are named '[tr]'|both claim|another run", end), end


def trunk_wish():
    return {INBOUND_TRUNK.name: Desired([Item.from_options(INBOUND_TRUNK, TRUNK)])}


def line_wishes():
    return {**trunk_wish(), DISPATCH_RULE.name: Desired([Item.from_options(DISPATCH_RULE, RULE)])}


@pytest.fixture
def rounds(livekit):
    """A newer server that stored one of two creates, or neither, would show in a few."""
    return 200 if livekit.version == build.PINNED else 20


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
    for _round in range(rounds // 2):
        livekit.flush()
        ends = run_copies(livekit, trunk_wish)
        _status, trunks = livekit.twirp("SIP", "ListSIPInboundTrunk")
        assert len(trunks["items"]) == 1, ends
        assert_ends_well(ends)
        assert "auth_error" not in oracle.ask(NUMBER)


def test_copies_of_a_line(livekit, oracle, rounds):
    for _round in range(rounds // 2):
        livekit.flush()
        ends = run_copies(livekit, line_wishes)
        assert_one_line(livekit, oracle, ends)
        assert_ends_well(ends)


@pytest.mark.parametrize("kind", ["trunk", "caller", "rule", "line"])
def test_other_names_for_the_same_calls(livekit, oracle, rounds, kind):
    """One is left, and each other run says why."""
    for _round in range(rounds // 10):
        livekit.flush()
        if kind == "rule":
            livekit.twirp("SIP", "CreateSIPInboundTrunk", {"trunk": TRUNK})
        copies = itertools.count()

        def desired(copies=copies):
            number = next(copies)
            trunk = {**TRUNK, "name": f"t{number}"}
            if kind == "caller" and number % 2:
                # The others are for any caller: the server itself takes the two for no conflict.
                trunk["allowed_numbers"] = [CALLER]
            rule = {**RULE, "name": f"r{number}", "trunks": ["t" if kind == "rule" else trunk["name"]]}
            wanted = {}
            if kind != "rule":
                wanted[INBOUND_TRUNK.name] = Desired([Item.from_options(INBOUND_TRUNK, trunk)])
            if kind in ("rule", "line"):
                wanted[DISPATCH_RULE.name] = Desired([Item.from_options(DISPATCH_RULE, rule)])
            return wanted

        ends = run_copies(livekit, desired, 8)
        assert ends.count(True) == 1, ends
        assert all(end is True or "both claim" in end for end in ends), ends
        _status, trunks = livekit.twirp("SIP", "ListSIPInboundTrunk")
        assert len(trunks["items"]) == 1, ends
        if kind in ("trunk", "caller"):
            assert "auth_error" not in oracle.ask(NUMBER)
        else:
            assert_one_line(livekit, oracle, ends)


@pytest.mark.one_server(reason="copies in threads race there, and more of ansible-playbook tells nothing of a server")
def test_copies_of_a_playbook(livekit, oracle, tmp_path):
    routing = {"inbound_trunks": [TRUNK], "dispatch_rules": [RULE]}
    playbook = Playbook(livekit, tmp_path, [{"name": "Route", "telephony.livekit.livekit_sip_routing": routing}])
    for _round in range(3):
        livekit.flush()
        runs = [playbook.start() for _copy in range(COPIES)]
        outputs = [run.communicate()[0] for run in runs]
        assert_ends_well([output if run.returncode else True for run, output in zip(runs, outputs, strict=True)])
        assert_one_line(livekit, oracle, outputs)
