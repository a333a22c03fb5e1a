# SPDX-License-Identifier: GPL-3.0-or-later
"""The read after the last write detects a proxy that reports success but has repeated or swallowed a write."""

from __future__ import annotations

import json

import pytest

from tests.support.proxy import Answer

ONE, TWO = "+12025550101", "+12025550102"
TRUNK = {"name": "t", "numbers": [ONE]}
OUTBOUND = {"name": "o", "numbers": [ONE], "address": "sip.example.com", "direction": "outbound"}


def listed(livekit, rpc="ListSIPInboundTrunk"):
    return livekit.twirp("SIP", rpc)[1]["items"]


def repeated(ask):
    """The request reaches the server twice."""
    ask()
    return ask()


def swallowed(stored):
    """The request does not reach the server; the proxy sends the answer that the server would have sent."""

    def fault(_ask):
        return Answer(200, json.dumps(stored).encode(), {"Content-Type": "application/json"})

    return fault


@pytest.mark.parametrize("options", [TRUNK, OUTBOUND])
def test_a_create_that_a_proxy_repeats_leaves_one_object(livekit, spoilt, proxy, options):
    proxy.spoil("CreateSIP", repeated)
    result = spoilt.trunk(**options)
    assert not result.get("failed"), result
    rpc = "ListSIPOutboundTrunk" if options is OUTBOUND else "ListSIPInboundTrunk"
    assert [item["name"] for item in listed(livekit, rpc)] == [options["name"]]
    assert not spoilt.trunk(**options)["changed"]


def test_a_create_that_a_proxy_swallows_is_done_again(livekit, spoilt, proxy):
    proxy.spoil("CreateSIPInboundTrunk", swallowed({"sip_trunk_id": "ST_nowhere", **TRUNK}))
    result = spoilt.trunk(**TRUNK)
    assert not result.get("failed"), result
    assert [item["numbers"] for item in listed(livekit)] == [[ONE]]
    assert result["trunk"]["id"] == listed(livekit)[0]["sip_trunk_id"]
    assert [action["id"] for action in result["actions"]] == [result["trunk"]["id"]]


def test_a_replace_that_a_proxy_swallows_is_done_again(livekit, modules, spoilt, proxy):
    modules.trunk(**TRUNK)
    stored = {**listed(livekit)[0], "metadata": "new"}
    proxy.spoil("UpdateSIPInboundTrunk", swallowed(stored))
    result = spoilt.trunk(**TRUNK, metadata="new")
    assert not result.get("failed"), result
    assert [item["metadata"] for item in listed(livekit)] == ["new"]


def test_a_delete_that_a_proxy_swallows_is_done_again(livekit, modules, spoilt, proxy):
    modules.trunk(**TRUNK)
    stored = listed(livekit)[0]
    proxy.spoil("DeleteSIPTrunk", swallowed(stored))
    result = spoilt.trunk(name="t", state="absent")
    assert not result.get("failed"), result
    assert listed(livekit) == []


@pytest.mark.parametrize("rpc", ["CreateSIPInboundTrunk", "UpdateSIPInboundTrunk"])
def test_a_proxy_that_swallows_every_write_is_named(livekit, modules, spoilt, proxy, rpc):
    if rpc.startswith("Update"):
        modules.trunk(**TRUNK)
    key = listed(livekit)[0]["sip_trunk_id"] if rpc.startswith("Update") else "ST_nowhere"
    proxy.spoil(rpc, swallowed({"sip_trunk_id": key, **TRUNK, "metadata": "new"}), times=1000)
    result = spoilt.trunk(**TRUNK, metadata="new")
    assert result["failed"]
    assert result["failure"]["code"] == "not_carried_out"
    assert "inbound trunk 't'" in result["msg"]
    assert not result.get("changed")
    assert not result.get("actions")
