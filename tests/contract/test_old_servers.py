# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the ladder on older livekit-servers with the fields that these know, and test the failures for all other fields.

Each server is built once from its Go module, which takes two minutes, and then cached. These tests are therefore a
separate stage, `make test STAGES=old-servers`, which `make test` includes only if CI=true.
"""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS

from tests.support.livekit import LiveKit
from tests.support.modules import ModuleRunner, run_and_repeat
from tests.support.options import CHANGED, CLEARED, FULL, ONE, TWO
from tests.support.proxy import Proxy, answers
from tests.support.versions import known, newer_in

VERSIONS = ["1.9.12", "1.11.0"]


@pytest.fixture(scope="module", params=VERSIONS)
def old_livekit(request):
    with LiveKit(version=request.param) as livekit:
        yield livekit


@pytest.fixture
def livekit(old_livekit):
    old_livekit.flush()
    return old_livekit


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def newer(livekit, kind):
    return newer_in(kind, livekit.version)


@pytest.fixture
def run(modules, kind):
    def trunk(check=False, **options):
        return modules.trunk(check, direction=kind.removesuffix("_trunk"), **options)

    modules.trunk(trunks=[{"name": "one", "numbers": [TWO]}, {"name": "two", "numbers": ["+12025550109"]}])
    return modules.dispatch if kind == "dispatch_rule" else trunk


def stored(livekit, kind):
    status, body = livekit.twirp("SIP", KINDS[kind].list_rpc)
    assert status == 200
    return next(item for item in body["items"] if item["name"] == FULL[kind]["name"])


def full(kind, newer):
    numbers = {"numbers": [ONE]} if kind == "inbound_trunk" else {}
    return {**known(FULL[kind], newer), **numbers}


def test_ladder(livekit, run, kind, newer):
    name = FULL[kind]["name"]
    run_and_repeat(run, **full(kind, newer))
    item = stored(livekit, kind)
    unset = {key for key, value in item.items() if value in ("", 0, False, None, [], {})}
    assert unset <= {"created_at", "updated_at", "media_encryption", *newer}, "each known field reached the server"
    changed = {**known(CHANGED[kind], newer), **({"numbers": [ONE]} if kind == "inbound_trunk" else {})}
    assert run_and_repeat(run, name=name, **changed)["changed"]
    cleared = {
        **known(CLEARED[kind], newer),
        "clear": [option for option in CLEARED[kind]["clear"] if option not in newer],
    }
    assert run_and_repeat(run, name=name, **cleared)["changed"]
    assert run_and_repeat(run, name=name, state="absent")["changed"]


def test_clearing_what_the_server_does_not_know_is_no_change(run, kind, newer):
    assert "media" in newer
    run(**full(kind, newer))
    assert not run(name=FULL[kind]["name"], clear=["media"])["changed"]
    unset = {name: value for name, value in CLEARED[kind].items() if name in newer}
    assert not run(name=FULL[kind]["name"], **unset)["changed"]


def option_with(kind, field):
    """The option that sets this field, given by its dotted name, without optional fields next to it."""
    name, *rest = field.split(".")
    value = FULL[kind][name]
    if len(rest) == 1:
        value = {rest[0]: value[rest[0]]}
    elif rest:
        ((items, inner),) = [rest]
        value = {items: [{"agent_name": "a", inner: value[items][0][inner]}]}
    return {name: value}


def unknown_fields():
    """Yield each field that a version does not know: version, kind, field, and the version that added it."""
    for version in VERSIONS:
        for kind in KINDS:
            for field, since in newer_in(kind, version).items():
                yield version, kind, field, since


@pytest.mark.parametrize(
    ("old_livekit", "kind", "field", "since"), list(unknown_fields()), indirect=["old_livekit", "kind"]
)
def test_a_field_that_the_server_does_not_know_fails_and_names_the_version(run, kind, newer, field, since):
    failed = run(**{**full(kind, newer), **option_with(kind, field)})
    # Existing inbound trunks show which fields the server does not know.
    assert failed["failure"]["code"] == ("unknown_field" if kind == "inbound_trunk" else "ignored_field")
    assert field in failed["failure"]["message"]
    assert f"{field} needs livekit-server {since}" in failed["failure"]["hint"]


def test_a_server_without_update_is_named(livekit):
    """The answer is the one from versions before 1.9.0, which are not on Go's module proxy."""
    bad_route = {"code": "bad_route", "msg": 'no handler for path "/twirp/livekit.SIP/UpdateSIPInboundTrunk"'}
    with Proxy(livekit.url) as proxy:
        modules = ModuleRunner(proxy.url, livekit.api_key, livekit.api_secret)
        modules.trunk(name="t", numbers=[ONE])
        proxy.spoil("Update", answers(404, bad_route), times=10)
        failed = modules.trunk(name="t", numbers=[TWO])
    assert failed["failure"]["code"] == "bad_route"
    assert "1.9.0" in failed["failure"]["hint"]
