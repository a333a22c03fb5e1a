# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the ladder for every kind of object on a real livekit-server.

The rungs are create, change, clear and absent, each with a check, a run, another check and another run. The check
predicts the next run, the second run changes nothing, and a check sends only reads.
"""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS, RULE_KINDS

from tests.support.modules import ModuleRunner, run_and_repeat
from tests.support.options import CHANGED, CLEARED, FEWEST, FULL, ONE, THREE, TWO
from tests.support.proxy import Proxy
from tests.support.versions import known, newer_in


class WatchedRunner(ModuleRunner):
    """Also checks the RPCs: a check, and a run without changes, only read; each action is one write."""

    def __init__(self, livekit, proxy: Proxy) -> None:
        super().__init__(proxy.url, livekit.api_key, livekit.api_secret)
        self.proxy = proxy

    def run(self, module: str, check: bool = False, **options) -> dict:
        self.proxy.rpcs.clear()
        result = super().run(module, check, **options)
        assert self.proxy.rpcs, "nobody was asked"
        writes = [rpc for rpc in self.proxy.rpcs if not rpc.startswith(("List", "Get"))]
        if check or "actions" in result:  # a failure does not list its writes
            assert len(writes) == (0 if check else len(result["actions"])), writes
        return result


@pytest.fixture
def modules(livekit):
    with Proxy(livekit.url) as proxy:
        yield WatchedRunner(livekit, proxy)


def module_of(modules, kind):
    """The module for one kind, and the key of the object in its result."""
    if kind == "dispatch_rule":
        return modules.dispatch, "rule"

    def trunk(check=False, **options):
        return modules.trunk(check, direction=kind.removesuffix("_trunk"), **options)

    return trunk, "trunk"


def stored(livekit, kind):
    status, body = livekit.twirp("SIP", KINDS[kind].list_rpc)
    assert status == 200
    return body["items"]


@pytest.mark.parametrize("kind", KINDS)
def test_ladder(livekit, modules, kind):
    run, key = module_of(modules, kind)
    newer = newer_in(kind, livekit.version)
    full, other, none = (known(options[kind], newer) for options in (FULL, CHANGED, CLEARED))
    name = full["name"]
    if kind == "dispatch_rule":
        modules.trunk(trunks=[{"name": "one", "numbers": [ONE]}, {"name": "two", "numbers": [TWO]}])

    created = run_and_repeat(run, **full)
    (was,) = stored(livekit, kind)
    unset = [field for field, value in was.items() if value in ("", 0, False, None, [], {})]
    assert set(unset) <= {"created_at", "updated_at"}, "each field reached the server"
    assert created[key]["id"] == was[KINDS[kind].id_field]

    changed = run_and_repeat(run, name=name, **other)
    (now,) = stored(livekit, kind)
    assert {field for field in now if now[field] == was[field]} <= {
        "name", KINDS[kind].id_field, "media_encryption", "created_at", "updated_at"
    }  # fmt: skip
    assert set(changed["diff"]["after"][KINDS[kind].table][name]) == {*other}

    cleared = run_and_repeat(run, name=name, **none)
    assert cleared["changed"]
    deleted = run_and_repeat(run, name=name, state="absent")
    assert deleted["changed"]
    assert deleted[key] == cleared[key]
    assert stored(livekit, kind) == []
    assert run(name=name, state="absent")[key] is None
    fewest = run_and_repeat(run, **FEWEST[kind])
    assert {**cleared[key], "id": "", "media": {}} == {**fewest[key], "id": "", "media": {}}, "cleared is as never set"


@pytest.mark.parametrize("options", [FULL, FEWEST], ids=["full", "fewest"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_check_shows_the_object_that_the_run_makes(livekit, modules, kind, options):
    run, key = module_of(modules, kind)
    modules.trunk(name="one", numbers=[TWO])
    asked = {**options[kind], **({"numbers": [ONE]} if kind == "inbound_trunk" else {})}
    asked = known(asked, newer_in(kind, livekit.version))
    check, result = run(check=True, **asked), run(**asked)
    assert check[key] == {**result[key], "id": ""}


@pytest.mark.parametrize("old", RULE_KINDS)
@pytest.mark.parametrize("new", RULE_KINDS)
def test_ladder_of_rule_kinds(livekit, modules, old, new):
    of = {
        "direct": {"room_name": "lobby", "pin": "1234"},
        "individual": {"room_prefix": "call-", "pin": "1234", "no_randomness": True},
        "callee": {"room_prefix": "call-", "pin": "1234", "randomize": True},
    }
    other = {
        "direct": {"room_name": "hall"},
        "individual": {"room_prefix": "c-"},
        "callee": {"room_prefix": "c-"},
    }
    run_and_repeat(modules.dispatch, name="r", any_trunk=True, **{old: of[old]})
    changed = run_and_repeat(modules.dispatch, name="r", any_trunk=True, **{new: other[new]})
    assert changed["changed"]
    assert not set(changed["rule"]) & (set(RULE_KINDS) - {new})
    (rule,) = stored(livekit, "dispatch_rule")
    assert rule["rule"][f"dispatch_rule_{new}"]["pin"] == "1234", "a PIN that is left out stays"
    run_and_repeat(modules.dispatch, name="r", any_trunk=True, **{new: {**other[new], "pin": ""}})
    assert stored(livekit, "dispatch_rule")[0]["rule"][f"dispatch_rule_{new}"]["pin"] == ""


def test_ladder_of_a_whole_table(livekit, modules):
    def trunk(name, *numbers, **options):
        return {"name": name, "numbers": list(numbers), **options}

    def rule(name, *trunks, **options):
        return {"name": name, "trunks": list(trunks), "individual": {"room_prefix": name}, **options}

    outbound = [{"name": "o", "numbers": [ONE], "address": "sip.example.com"}]
    rungs = {
        "create": ([trunk("a", ONE, metadata="m"), trunk("b", TWO)], outbound, [rule("r", "a"), rule("s", "b")]),
        "change": (
            [trunk("a", ONE, THREE), trunk("b", TWO)],
            [{**outbound[0], "transport": "tls"}],
            [rule("r", "a", "b", metadata="m"), rule("s", "b", numbers=[TWO])],
        ),
        "swap": ([trunk("a", TWO, THREE), trunk("b", ONE)], outbound, [rule("r", "a", "b"), rule("s", "b")][:1]),
        "clear": (
            [trunk("a", TWO, metadata=""), trunk("b", ONE)],
            [{**outbound[0], "transport": "auto"}],
            [rule("r", "a", metadata="")],
        ),
        "absent": ([], [], []),
    }
    for rung, (inbound_trunks, outbound_trunks, dispatch_rules) in rungs.items():
        result = run_and_repeat(
            modules.routing,
            inbound_trunks=inbound_trunks,
            outbound_trunks=outbound_trunks,
            dispatch_rules=dispatch_rules,
            purge=True,
        )
        assert result["changed"], rung
        for kind, options in zip(KINDS, (inbound_trunks, outbound_trunks, dispatch_rules), strict=True):
            assert {item["name"] for item in stored(livekit, kind)} == {item["name"] for item in options}, rung
