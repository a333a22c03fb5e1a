# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules against a real livekit-server."""

from __future__ import annotations

import pytest

from tests.support.modules import run_and_repeat

ONE, TWO, THREE = "+12025550101", "+12025550102", "+12025550103"
LINE = {
    "inbound_trunks": [{"name": "twilio", "numbers": [ONE], "allowed_addresses": ["198.51.100.0/26"]}],
    "dispatch_rules": [
        {
            "name": "twilio",
            "trunks": ["twilio"],
            "individual": {"room_prefix": "call-"},
            "room_config": {"agents": [{"agent_name": "voice-agent", "metadata": "{}"}]},
        }
    ],
}


def stored(livekit, rpc):
    status, body = livekit.twirp("SIP", rpc)
    assert status == 200
    return body["items"]


def trunks(livekit):
    return stored(livekit, "ListSIPInboundTrunk")


def rules(livekit):
    return stored(livekit, "ListSIPDispatchRule")


def test_a_line_appears_and_goes(livekit, modules):
    created = run_and_repeat(modules.routing, **LINE)
    assert created["changed"]
    (trunk,), (rule,) = trunks(livekit), rules(livekit)
    assert trunk["numbers"] == [ONE]
    assert rule["trunk_ids"] == [trunk["sip_trunk_id"]]
    assert rule["room_config"]["agents"][0]["agent_name"] == "voice-agent"
    assert created["inbound_trunks"][0]["id"] == trunk["sip_trunk_id"]
    assert created["dispatch_rules"][0]["trunks"] == ["twilio"]

    gone = run_and_repeat(modules.routing, inbound_trunks=[], dispatch_rules=[], purge=True)
    assert [action["object"] for action in gone["actions"]] == ["dispatch_rule", "inbound_trunk"]
    assert (trunks(livekit), rules(livekit)) == ([], [])


def test_check_mode_writes_nothing(livekit, modules):
    assert modules.routing(check=True, **LINE)["changed"]
    assert (trunks(livekit), rules(livekit)) == ([], [])


def test_the_diff_holds_what_changes_and_nothing_else(modules):
    modules.trunk(name="t", numbers=[ONE], ringing_timeout="1m")
    changed = run_and_repeat(modules.trunk, name="t", numbers=[TWO, ONE], metadata="m", max_call_duration="1h30m")
    assert changed["diff"] == {
        "before": {"inbound_trunks": {"t": {"numbers": [ONE], "metadata": "", "max_call_duration": ""}}},
        "after": {"inbound_trunks": {"t": {"numbers": [TWO, ONE], "metadata": "m", "max_call_duration": "5400s"}}},
    }
    assert changed["trunk"]["ringing_timeout"] == "60s"


def test_media_and_room_config_merge_and_can_be_cleared(livekit, modules):
    modules.trunk(name="t", numbers=[ONE], media={"codecs": [{"name": "PCMU", "rate": 8000}]})
    run_and_repeat(modules.trunk, name="t", media={"encryption": "allow"})
    assert trunks(livekit)[0]["media"]["codecs"] == [{"name": "PCMU", "rate": 8000}]
    run_and_repeat(modules.trunk, name="t", clear=["media"])
    room_config = {"agents": [{"agent_name": "a"}], "empty_timeout": 30}
    modules.dispatch(name="r", trunks=["t"], individual={}, room_config=room_config)
    run_and_repeat(modules.dispatch, name="r", room_config={"empty_timeout": 31})
    assert rules(livekit)[0]["room_config"]["agents"][0]["agent_name"] == "a"
    run_and_repeat(modules.dispatch, name="r", clear=["room_config"], room_config={"metadata": "new"})
    assert rules(livekit)[0]["room_config"]["agents"] == []


def test_an_id_with_a_new_name_renames(livekit, modules):
    key = modules.trunk(name="old", numbers=[ONE])["trunk"]["id"]
    run_and_repeat(modules.trunk, id=key, name="new")
    assert [trunk["name"] for trunk in trunks(livekit)] == ["new"]


def test_purge_renames_the_trunk_that_keeps_its_numbers(livekit, modules):
    modules.routing(**LINE)
    key = trunks(livekit)[0]["sip_trunk_id"]
    renamed = {
        "inbound_trunks": [{"name": "renamed", "numbers": [ONE]}],
        "dispatch_rules": [{"name": "twilio", "trunks": ["renamed"]}],
        "purge": True,
    }
    run_and_repeat(modules.routing, **renamed)
    (trunk,) = trunks(livekit)
    assert (trunk["sip_trunk_id"], trunk["name"]) == (key, "renamed")


def test_two_trunks_swap_their_numbers(livekit, modules):
    modules.trunk(trunks=[{"name": "a", "numbers": [ONE]}, {"name": "b", "numbers": [TWO]}])
    swapped = run_and_repeat(modules.trunk, trunks=[{"name": "a", "numbers": [TWO]}, {"name": "b", "numbers": [ONE]}])
    assert [action.get("parked", False) for action in swapped["actions"]] == [True, False, False]
    assert {trunk["name"]: trunk["numbers"] for trunk in trunks(livekit)} == {"a": [TWO], "b": [ONE]}


def test_keep_is_left_by_purge(livekit, modules):
    modules.trunk(trunks=[{"name": "a", "numbers": [ONE]}, {"name": "b", "numbers": [TWO]}])
    run_and_repeat(modules.trunk, trunks=[], purge=True, keep=["b"])
    assert [trunk["name"] for trunk in trunks(livekit)] == ["b"]


def test_a_deleted_trunk_is_detached_on_request(livekit, modules):
    modules.trunk(trunks=[{"name": "a", "numbers": [ONE]}, {"name": "b", "numbers": [TWO]}])
    modules.dispatch(name="r", trunks=["a", "b"], individual={"room_prefix": "call-"})
    refused = modules.trunk(name="a", state="absent")
    assert refused["failure"]["code"] == "in_use"
    run_and_repeat(modules.trunk, name="a", state="absent", detach=True)
    assert rules(livekit)[0]["trunk_ids"] == [trunk["sip_trunk_id"] for trunk in trunks(livekit)]
    assert "no trunk left" in modules.trunk(name="b", state="absent", detach=True)["failure"]["message"]


def test_assume_empty_asks_nobody(livekit, modules):
    modules.routing(**LINE)
    server, modules.connection["url"] = modules.connection["url"], "http://127.0.0.1:1"
    planned = modules.routing(check=True, assume_empty=True, **LINE)
    assert [action["action"] for action in planned["actions"]] == ["create", "create"]
    modules.connection["url"] = server
    assert modules.routing(assume_empty=True, **LINE)["failed"], "outside check mode it is refused"


def test_assume_trunks_lets_a_check_go_on(livekit, modules):
    """If a playbook creates a trunk and then its rule, check mode must succeed for both tasks, as a run does."""
    rule = {"name": "r", "trunks": ["coming"], "individual": {"room_prefix": "call-"}}
    planned = modules.dispatch(check=True, assume_trunks=["coming"], **rule)
    assert planned["rule"]["trunks"] == ["coming"]
    assert planned["diff"]["after"]["dispatch_rules"]["r"]["trunks"] == ["coming"]
    assert modules.dispatch(assume_trunks=["coming"], **rule)["failed"], "outside check mode it is refused"
    modules.trunk(name="coming", numbers=[ONE])
    assert modules.dispatch(check=True, assume_trunks=["coming"], **rule)["diff"] == planned["diff"]


BAD_INPUT = {
    "nothing restricts the trunk": (
        "trunk", {"name": "t"}, "invalid", "it has no restriction"),
    "no trunks and not any_trunk": (
        "dispatch", {"name": "r", "direct": {"room_name": "x"}}, "invalid", "answer any caller"),
    "username without password": (
        "trunk", {"name": "t", "numbers": [ONE], "auth_username": "u"}, "invalid", "must be set together"),
    "mask with a blank": (
        "trunk", {"name": "t", "numbers": [ONE], "allowed_addresses": ["198.51.100.1 "]}, "invalid", "would ignore"),
    "mask with a comma": (
        "trunk", {"name": "t", "numbers": [ONE], "allowed_addresses": ["198.51.100.1,198.51.100.2"]},
        "invalid", "would ignore"),
    "mask with a port": (
        "trunk", {"name": "t", "numbers": [ONE], "allowed_addresses": ["198.51.100.1:5060"]}, "invalid", "port"),
    "mask that matches nothing": (
        "trunk", {"name": "t", "numbers": [ONE], "allowed_addresses": ["198.51.100.0/33"]}, "invalid", "prefix length"),
    "unknown trunk in a rule": (
        "dispatch", {"name": "r", "trunks": ["nobody"], "direct": {"room_name": "x"}},
        "not_found", "with this name or id. Existing inbound trunks: here"),
    "two objects of one name": (
        "trunk", {"trunks": [{"name": "t", "numbers": [ONE]}, {"name": "t", "numbers": [TWO]}]},
        "invalid", "two inbound trunks have the name 't'"),
    "a number that another trunk has": (
        "trunk", {"name": "t", "numbers": ["1-202-555-0103"]}, "conflict", "'here' and 't' both claim the number"),
    "replace into a number that another trunk has": (
        "trunk", {"name": "there", "numbers": [THREE]}, "conflict", "'here' and 'there' both claim"),
    "a duration that is none": (
        "trunk", {"name": "t", "numbers": [ONE], "ringing_timeout": "soon"}, "invalid", "ringing_timeout: 'soon'"),
    "two kinds of rule": (
        "dispatch", {"name": "r", "trunks": ["here"], "direct": {"room_name": "x"}, "callee": {}},
        "invalid", "mutually exclusive"),
    "a field of the other direction": (
        "trunk", {"name": "t", "numbers": [ONE], "transport": "tls"}, "invalid", "transport is invalid"),
    "a header that LiveKit refuses": (
        "trunk", {"name": "t", "numbers": [ONE], "headers": {"From": "x"}}, "invalid", "'From' is invalid"),
    "unknown id": (
        "trunk", {"id": "ST_nobody", "numbers": [ONE]}, "not_found", "there is no inbound trunk with this id"),
    "unknown field in routing": (
        "routing", {"inbound_trunks": [{"name": "t", "numberz": [ONE]}]}, "invalid", "Did you mean numbers?"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_changes_nothing(livekit, modules, case):
    module, options, code, message = BAD_INPUT[case]
    modules.trunk(trunks=[{"name": "here", "numbers": [THREE]}, {"name": "there", "numbers": [TWO]}])
    before = trunks(livekit), rules(livekit)
    for check in (True, False):
        result = getattr(modules, module)(check=check, **options)
        assert result["failed"]
        assert result["failure"]["code"] == code
        assert message in result["msg"]
    assert (trunks(livekit), rules(livekit)) == before


def test_a_typo_in_an_option_names_the_nearest(modules):
    assert "Did you mean numbers?" in modules.trunk(name="t", numberz=[ONE])["msg"]
    assert "Did you mean room_prefix?" in modules.dispatch(name="r", individual={"room_prefx": "x"})["msg"]


def test_unknown_fields_survive(livekit, modules):
    """The modules send the fields of a newer server back unchanged."""
    from ansible_collections.telephony.livekit.plugins.module_utils._kinds import INBOUND_TRUNK
    from ansible_collections.telephony.livekit.plugins.module_utils._objects import Item
    from ansible_collections.telephony.livekit.plugins.module_utils._plan import Desired, plan

    current = {"sip_trunk_id": "ST_1", "name": "t", "numbers": [ONE], "field_of_tomorrow": {"a": 1}}
    wish = Desired([Item.from_options(INBOUND_TRUNK, {"name": "t", "numbers": [TWO]})])
    (step,) = plan({"inbound_trunk": [current]}, {"inbound_trunk": wish}).steps
    assert step.body == {**current, "numbers": [TWO]}
