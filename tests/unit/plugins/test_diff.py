# SPDX-License-Identifier: GPL-3.0-or-later
"""The diff as users see it: the given options, the differences, and the number of changes."""

from __future__ import annotations

import pytest
from ansible.plugins.callback import CallbackBase
from ansible_collections.telephony.livekit.plugins.module_utils._diff import diff
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import DISPATCH_RULE, INBOUND_TRUNK
from ansible_collections.telephony.livekit.plugins.module_utils._order import Change

from tests.support.modules import ModuleRunner

MODULES = ModuleRunner("http://127.0.0.1:1", "key", "secret")
CUSTOMERS = 500


def lines(shown):
    return CallbackBase()._get_diff({key: value for key, value in shown.items() if key != "prepared"}).splitlines()


def customers(**rule):
    """The diff of CUSTOMERS new trunks, each with a rule."""
    numbers = [f"+1202555{number:04d}" for number in range(CUSTOMERS)]
    return MODULES.routing(
        check=True,
        assume_empty=True,
        inbound_trunks=[{"name": f"trunk {number}", "numbers": [number]} for number in numbers],
        dispatch_rules=[
            {"name": f"rule {number}", "trunks": [f"trunk {number}"], "individual": {"room_prefix": "a-"}, **rule}
            for number in numbers
        ],
    )["diff"]


AGENT = {"room_config": {"agents": [{"agent_name": "a"}]}}


@pytest.mark.parametrize(("rule", "most"), [({}, 13), (AGENT, 18)])
def test_many_customers_make_a_short_diff_whose_head_counts_them(rule, most):
    shown = lines(customers(**rule))
    assert "500 inbound trunks, 500 dispatch rules created" in shown[0]
    assert len(shown) <= most * CUSTOMERS + 11
    assert not any("no_headers" in line or "false" in line or '""' in line for line in shown)


def test_the_diff_of_a_new_object_holds_what_was_given():
    agents = [{"agent_name": "a"}, {"agent_name": "b", "metadata": "m"}]
    rule = {
        "individual": {"pin": "5501"},
        "room_config": {"agents": agents, "max_participants": 3},
        "media": {"encryption": "allow"},
        "attributes": {"tier": "gold"},
    }
    after = customers(**rule)["after"]
    assert after["inbound_trunks"]["trunk +12025550100"] == {"numbers": ["+12025550100"]}
    assert after["dispatch_rules"]["rule +12025550100"] == {
        "trunks": ["trunk +12025550100"],
        "individual": {"pin": "<hidden>"},
        "room_config": {"agents": ["a", {"agent_name": "b", "metadata": "m"}], "max_participants": 3},
        "media": {"encryption": "allow"},
        "attributes": {"tier": "gold"},
    }


def test_a_rule_without_options_still_shows_its_kind():
    rule = {"name": "r", "rule": {"dispatch_rule_individual": {"room_prefix": "", "pin": ""}}, "trunk_ids": ["ST_1"]}
    shown = diff([Change(DISPATCH_RULE, "SDR_1", None, rule)], {"ST_1": "t"})
    assert shown["after"]["dispatch_rules"]["r"] == {"individual": {}, "trunks": ["t"]}
    assert set(shown) == {"before", "after"}, "one object needs no count"


def trunk(**stored):
    return {"sip_trunk_id": "ST_1", "name": "t", "numbers": ["+12025550101"], "media": None, **stored}


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        ({"metadata": "m"}, {"metadata": ""}, {"metadata": "m"}, {"metadata": ""}),
        (
            {"include_headers": "SIP_X_HEADERS"},
            {"include_headers": "SIP_NO_HEADERS"},
            {"include_headers": "x_headers"},
            {"include_headers": "no_headers"},
        ),
        ({"metadata": None}, {"metadata": ""}, {}, {}),
        ({"headers": {"X-A": "a"}}, {"headers": {}}, {"headers": {"X-A": "<hidden>"}}, {"headers": {}}),
        (
            {"headers": {"X-A": "a"}},
            {"headers": {"X-A": "b"}},
            {"headers": {"X-A": "<hidden>"}},
            {"headers": {"X-A": "<hidden, changed>"}},
        ),
        ({"krisp_enabled": True}, {"krisp_enabled": False}, {"krisp_enabled": True}, {"krisp_enabled": False}),
    ],
)
def test_the_diff_of_a_change_holds_both_sides(old, new, before, after):
    shown = diff([Change(INBOUND_TRUNK, "ST_1", trunk(**old), trunk(**new))], {})
    assert shown == {"before": {"inbound_trunks": {"t": before}}, "after": {"inbound_trunks": {"t": after}}}


def test_a_map_that_is_cleared_or_new_shows_what_is_in_it():
    media = {"only_listed_codecs": False, "codecs": [{"name": "PCMU", "rate": 0}], "media_timeout": None}
    for old, new in ((None, media), (media, None)):
        shown = diff([Change(INBOUND_TRUNK, "ST_1", trunk(media=old), trunk(media=new))], {})
        sides = [shown[side]["inbound_trunks"]["t"]["media"] for side in ("before", "after")]
        assert sorted(sides, key=len) == [{}, {"codecs": ["PCMU"]}]


def test_two_objects_of_one_name_are_both_shown():
    changes = [
        Change(INBOUND_TRUNK, key, {**trunk(), "sip_trunk_id": key}, {**trunk(metadata=key), "sip_trunk_id": key})
        for key in ("ST_1", "ST_2")
    ]
    shown = diff(changes, {})
    assert shown["after"]["inbound_trunks"] == {"t": {"metadata": "ST_1"}, "t (ST_2)": {"metadata": "ST_2"}}
    assert shown["before"]["inbound_trunks"].keys() == shown["after"]["inbound_trunks"].keys()


def test_the_head_counts_what_is_done_to_each_kind():
    there = trunk()
    changes = [
        Change(INBOUND_TRUNK, "new:1", None, {**there, "name": "a"}),
        Change(INBOUND_TRUNK, "ST_1", there, {**there, "metadata": "m"}),
        Change(INBOUND_TRUNK, "ST_2", {**there, "name": "b"}, None),
        Change(DISPATCH_RULE, "SDR_1", {"name": "r"}, None),
        Change(DISPATCH_RULE, "SDR_2", {"name": "s"}, None),
    ]
    assert lines(diff(changes, {}))[0] == (
        "--- before: 1 inbound trunk created; 1 inbound trunk changed; 1 inbound trunk, 2 dispatch rules deleted"
    )
