# SPDX-License-Identifier: GPL-3.0-or-later
"""The role livekit_routing in a playbook: a failed expectation ends the run before its first write, and the diff ends
with the calls whose result changes."""

from __future__ import annotations

import pytest

from tests.support.playbook import Playbook

pytestmark = pytest.mark.one_server(reason="ansible-playbook hands options to modules, which other tests run there too")

ONE, TWO, FOREIGN, CALLER = "+12025550100", "+12025550101", "+12025550102", "+12025550199"
TASKS = [{"name": "Register trunks and rules", "include_role": {"name": "telephony.livekit.livekit_routing"}}]
LISTS = ("ListSIPInboundTrunk", "ListSIPOutboundTrunk", "ListSIPDispatchRule")


def line(name: str, number: str, **rule) -> dict:
    return {
        "inbound_trunks": [{"name": name, "numbers": [number], "max_call_duration": "2h"}],
        "dispatch_rules": [{"name": name, "trunks": [name], "individual": {"room_prefix": f"{name}-"}, **rule}],
    }


def call(number: str, **gets) -> dict:
    return {"to": number, "from": CALLER, **gets}


@pytest.fixture
def role(livekit, tmp_path):
    """A function that runs the role with these variables and returns the exit code and output."""

    def run(*arguments: str, **variables):
        given = {
            "livekit_routing_url": livekit.url,
            "livekit_routing_api_key": livekit.api_key,
            "livekit_routing_api_secret": livekit.api_secret,
            **{f"livekit_routing_{name}": value for name, value in variables.items()},
        }
        return Playbook(livekit, tmp_path, TASKS, **given).run(*arguments)

    return run


@pytest.fixture
def stored(livekit):
    return lambda: [livekit.twirp("SIP", rpc) for rpc in LISTS]


@pytest.fixture
def foreign(modules):
    """A trunk and a rule that are managed elsewhere."""
    made = modules.routing(**line("foreign", FOREIGN))
    assert not made.get("failed"), made


def test_what_is_expected_lets_a_run_apply_and_what_is_not_ends_it_before_anything_is_written(role, stored):
    desired = line("office", ONE)
    before = stored()
    wrong = [call(ONE, rule="office", room="office-"), call(TWO, rule="office")]
    for arguments in (["--check"], []):
        code, output = role(*arguments, **desired, expect=wrong)
        assert code != 0
        assert f"expect: the call to {TWO} from {CALLER}: a rule must match it, but none does" in output
        assert f"office: {TWO} is not in its numbers ({ONE})" in output
        assert "The caller hears: 100, 180, then 404" in output
        assert f"the call to {ONE}" not in output
        assert stored() == before

    right = [call(ONE, trunk="office", rule="office", room="office-"), call(TWO, refused=True)]
    code, output = role(**desired, expect=right)
    assert code == 0, output
    assert "changed=1" in output
    assert stored() != before


def test_calls_are_judged_with_what_other_people_have_on_the_server(role, stored, foreign):
    desired = line("office", ONE)
    before = stored()
    theirs = [call(FOREIGN, trunk="foreign", rule="foreign")]
    purged = {"purge": True, "keep": {"inbound_trunks": ["foreign"]}}
    code, output = role(**desired, expect=theirs, **purged)
    assert code != 0
    assert f"the call to {FOREIGN} from {CALLER}: a rule must match it, but none does" in output
    assert stored() == before
    kept = {"purge": True, "keep": {"inbound_trunks": ["foreign"], "dispatch_rules": ["foreign"]}}
    code, output = role("--check", **desired, expect=theirs, **kept)
    assert code == 0, output
    # Our rule for their trunk takes over the number, because their objects are part of the table.
    taken = {**desired, "dispatch_rules": [*desired["dispatch_rules"], *line("foreign ", FOREIGN)["dispatch_rules"]]}
    taken["dispatch_rules"][1] |= {"trunks": ["foreign"], "numbers": [FOREIGN], "name": "ours"}
    code, output = role(**taken, keep={"inbound_trunks": ["foreign"]}, expect=theirs)
    assert code != 0
    assert "expected rule foreign, got ours" in output
    assert stored() == before


def test_diff_ends_with_the_calls_that_go_another_way_and_is_silent_where_none_does(role, modules, foreign):
    office = line("office", ONE)
    code, output = role("--check", "--diff", **office)
    assert code == 0, output
    diff = output.partition("Register trunks and rules] ***")[2].partition("changed: [localhost]")[0].rstrip()
    assert diff.endswith(f"\n{ONE} from anywhere: refused → rule office"), output
    assert output.count("→") == 1
    assert not modules.routing(**office).get("failed")
    code, output = role("--diff", **line("office", ONE, metadata="new"))
    assert code == 0, output
    assert "changed=1" in output
    assert '"metadata": "new"' in output, output
    assert "→" not in output
