# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls are explained for the stored and the planned objects, and livekit-server makes the same decisions."""

from __future__ import annotations

import pytest

from tests.support.livekit import PATIENCE, LiveKit
from tests.support.modules import ModuleRunner
from tests.support.oracle import Oracle

ONE, TWO, CALLER, SOURCE = "+12025550100", "+12025550101", "+12025550199", "198.51.100.7"
PREFIX = {"individual": {"room_prefix": "call-"}}


@pytest.fixture
def line(modules):
    made = modules.routing(
        inbound_trunks=[{"name": "line", "numbers": [ONE]}, {"name": "other", "numbers": [TWO]}],
        dispatch_rules=[
            {
                "name": "agent",
                "trunks": ["line"],
                **PREFIX,
                "room_config": {"agents": [{"agent_name": "voice-agent"}]},
            }
        ],
    )
    assert not made.get("failed"), made
    return {stored["name"]: stored["id"] for stored in made["inbound_trunks"] + made["dispatch_rules"]}


@pytest.fixture
def explained(modules):
    def run(**options):
        found = modules.run("livekit_sip_call_info", **{"to": ONE, "from": CALLER, "source": SOURCE, **options})
        assert not found.get("failed"), found
        return found

    return run


def test_what_is_stored_is_explained_as_the_server_decides(livekit, line, explained):
    with Oracle(livekit) as oracle:
        for called in (ONE, TWO):
            found = explained(to=called)
            decided = oracle.ask(called, from_host="")
            assert decided["result"] == {"accept": "ACCEPT", "refuse": livekit.refusal}[found["result"]]
            assert (decided["trunk"] or "") == (found["trunk"] or {}).get("id", "")
            assert (decided["rule"] or "") == (found["rule"] or {}).get("id", "")
    found = explained()
    assert found["trunk"] == {"name": "line", "id": line["line"]}
    assert found["rule"] == {"name": "agent", "id": line["agent"]}
    assert found["agents"] == ["voice-agent"]
    assert [(other["name"], other["id"], other["code"]) for other in found["other_trunks"]] == [
        ("other", line["other"], "number")
    ]


def test_caller_without_a_number_ends_old_servers_where_a_rule_hides_numbers(running_livekit):
    with LiveKit(version=running_livekit.version) as own, Oracle(own) as oracle:
        hiding = {"name": "agent", "trunks": ["line"], "hide_phone_number": True, **PREFIX}
        modules = ModuleRunner(own.url, own.api_key, own.api_secret)
        made = modules.routing(inbound_trunks=[{"name": "line", "numbers": [ONE]}], dispatch_rules=[hiding])
        assert not made.get("failed"), made
        call = {"to": ONE, "source": SOURCE, "server_version": own.version}
        heard = modules.run("livekit_sip_call_info", **call)["hears"]
        survives = own.has("1.13.8")
        question = {"to": ONE, "from": "", "src": SOURCE}
        if survives:
            assert oracle.answers(question)[0]["result"] == "ACCEPT"
            assert own.server_process.process.poll() is None
        else:
            oracle.write(question)
            own.server_process.process.wait(PATIENCE)
        assert ("livekit-server crashes" in heard) != survives


def test_lists_are_explained_as_a_run_would_leave_them_and_nothing_is_written(livekit, line, explained):
    before = [livekit.twirp("SIP", rpc) for rpc in ("ListSIPInboundTrunk", "ListSIPDispatchRule")]
    new = {"name": "new", "trunks": ["other"], **PREFIX}
    found = explained(to=TWO, dispatch_rules=[new])
    assert found["rule"] == {"name": "new", "id": ""}
    assert [other["name"] for other in found["other_rules"]] == ["agent"]
    assert explained(dispatch_rules=[new])["rule"]["name"] == "agent"
    assert explained(dispatch_rules=[new], purge=True)["rule"] is None
    kept = explained(dispatch_rules=[new], purge=True, keep={"dispatch_rules": ["agent"]})
    assert kept["rule"]["id"] == line["agent"]
    assert [livekit.twirp("SIP", rpc) for rpc in ("ListSIPInboundTrunk", "ListSIPDispatchRule")] == before


def test_two_trunks_that_match_are_named(livekit, line, explained):
    # Bypass livekit-server's conflict check, as other tools do.
    twin = {"replace": {"name": "twin", "numbers": [ONE]}, "sip_trunk_id": line["other"]}
    assert livekit.twirp("SIP", "UpdateSIPInboundTrunk", twin)[0] == 200
    found = explained()
    assert found["result"] == "error"
    assert found["hears"] == "100, then 503 Try again later, without a 180"
    assert "trunks_conflict" in [finding["code"] for finding in found["findings"]]
    for name in ("line", "twin"):
        assert f"  {name} (ST_" in found["text"]


def test_expectations_are_judged_on_what_will_stand_and_nothing_is_written_if_one_fails(livekit, line, modules):
    before = [livekit.twirp("SIP", rpc) for rpc in ("ListSIPInboundTrunk", "ListSIPDispatchRule")]
    new = {"name": "new", "trunks": ["other"], **PREFIX}
    foreign = {"to": ONE, "from": CALLER, "rule": line["agent"], "agent": "voice-agent"}
    wrong = {"to": TWO, "from": CALLER, "refused": True}
    for check in (True, False):
        failed = modules.routing(check=check, dispatch_rules=[new], expect=[foreign, wrong])
        assert failed["failure"]["code"] == "unexpected"
        assert "it must be refused" in failed["msg"]
        assert "a rule must match it" not in failed["msg"]
        purged = modules.routing(check=check, dispatch_rules=[new], purge=True, expect=[foreign])
        assert purged["failure"]["code"] == "unexpected"
    assert [livekit.twirp("SIP", rpc) for rpc in ("ListSIPInboundTrunk", "ListSIPDispatchRule")] == before
    right = [foreign, {"to": TWO, "from": CALLER, "trunk": "other", "rule": "new", "room": "call-"}]
    done = modules.routing(dispatch_rules=[new], expect=right)
    assert not done.get("failed"), done
    assert done["diff"]["prepared"] == f"{TWO} from anywhere: refused → rule new\n"
    again = modules.routing(dispatch_rules=[new], expect=right)
    assert not again["changed"]
    assert "prepared" not in again["diff"]
