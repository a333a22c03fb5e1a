# SPDX-License-Identifier: GPL-3.0-or-later
"""ringing_timeout_status, which the server returns as a name or a number, and which older servers omit."""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import INBOUND_TRUNK

from tests.support.modules import run_and_repeat

TRUNK = {"name": "t", "numbers": ["+12025550101"]}
(FIELD,) = [field for field in INBOUND_TRUNK.fields if field.name == "ringing_timeout_status"]
CODES = sorted({*FIELD.type.codes.values()} - {0})
UNNAMED = [499, 599, 699]


def stored(livekit):
    _status, body = livekit.twirp("SIP", "ListSIPInboundTrunk")
    return body["items"][0]


@pytest.fixture
def newer(livekit):
    """Whether the server has the field."""
    return livekit.has(FIELD.since)


@pytest.mark.parametrize("code", [486, *UNNAMED])
def test_a_status_is_stored_shown_exported_and_cleared(livekit, modules, newer, code):
    if not newer:
        failed = modules.trunk(ringing_timeout_status=code, **TRUNK)
        assert failed["failure"]["code"] == "ignored_field"
        assert f"ringing_timeout_status needs livekit-server {FIELD.since} or newer" in failed["failure"]["hint"]
        assert not run_and_repeat(modules.trunk, ringing_timeout_status=0, **TRUNK)["changed"]
        return
    made = run_and_repeat(modules.trunk, ringing_timeout_status=code, **TRUNK)
    assert made["trunk"]["ringing_timeout_status"] == code
    assert stored(livekit)["ringing_timeout_status"] == (code if code in UNNAMED else "SIP_STATUS_BUSY_HERE")
    info = modules.run("livekit_sip_info")
    assert info["inbound_trunks"][0]["ringing_timeout_status"] == code
    exported = info["export"]["livekit_routing_inbound_trunks"]
    assert exported == [{**TRUNK, "ringing_timeout_status": code}]
    assert not modules.routing(inbound_trunks=exported, purge=True)["changed"]
    # A change to another field keeps the status.
    assert run_and_repeat(modules.trunk, metadata="m", **TRUNK)["trunk"]["ringing_timeout_status"] == code
    cleared = run_and_repeat(modules.trunk, ringing_timeout_status=0, **TRUNK)
    assert cleared["diff"] == {
        "before": {"inbound_trunks": {"t": {"ringing_timeout_status": code}}},
        "after": {"inbound_trunks": {"t": {"ringing_timeout_status": 0}}},
    }
    assert stored(livekit)["ringing_timeout_status"] == "SIP_STATUS_UNKNOWN"


def test_every_status_that_the_server_names_is_read(livekit, modules, newer):
    """One trunk for each status, so that one list contains all names."""
    trunks = [{"name": str(code), "numbers": [f"+120255501{place:02d}"]} for place, code in enumerate(CODES)]
    with_status = [{**trunk, "ringing_timeout_status": code} for trunk, code in zip(trunks, CODES, strict=True)]
    for trunk in with_status:
        assert livekit.twirp("SIP", "CreateSIPInboundTrunk", {"trunk": trunk})[0] == 200
    info = modules.run("livekit_sip_info")
    exported = info["export"]["livekit_routing_inbound_trunks"]
    assert sorted(exported, key=lambda trunk: trunk["name"]) == (with_status if newer else trunks)
    assert not modules.routing(inbound_trunks=exported)["changed"]


@pytest.mark.parametrize("code", [0, 1, 200, 399, 400, 699, 700])
def test_the_modules_take_what_the_server_takes(livekit, modules, newer, code):
    status, answer = livekit.twirp("SIP", "CreateSIPInboundTrunk", {"trunk": {**TRUNK, "ringing_timeout_status": code}})
    planned = modules.trunk(check=True, ringing_timeout_status=code, **TRUNK)
    if newer:
        assert (status == 400) == bool(planned.get("failed"))
    if not newer and 400 <= code <= 699:
        assert planned["failure"]["code"] == "unknown_field"
    elif planned.get("failed"):
        assert planned["failure"]["code"] == "invalid"
        assert f"ringing_timeout_status: {code} is invalid: it must be 0 or 400 to 699" in planned["msg"]
        assert not newer or answer["msg"].endswith(f"ringing timeout status must be 4xx-6xx, got {code}")
