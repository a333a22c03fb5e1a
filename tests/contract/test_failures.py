# SPDX-License-Identifier: GPL-3.0-or-later
"""Cause each failure of the modules, except for invalid values, and compare it with the table in docs/failures.md."""

from __future__ import annotations

import re
import socket

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _client
from ansible_collections.telephony.livekit.plugins.module_utils._failures import FAILURES
from livekit.protocol import sip

from tests.contract.test_faults import HTML
from tests.support.livekit import LiveKit
from tests.support.misbehaving import Misbehaving, certificate
from tests.support.modules import Clock, ModuleRunner
from tests.support.proxy import Proxy, answers, cut_after, unanswered, without

ONE, TWO, THREE = "+12025550101", "+12025550102", "+12025550103"
TRUNK = {"name": "t", "numbers": [ONE]}
RULE = {"name": "r", "trunks": ["t"], "individual": {}}
OUTBOUND = {"name": "o", "numbers": [ONE], "address": "sip.example.com", "direction": "outbound"}

HAPPENS = {}


def happens(what):
    """Register the function that causes a failure in the table. It gets a World and returns a module's result."""

    def note(function):
        HAPPENS[what] = function
        return function

    return note


class World:
    """A server behind a proxy, the modules connected through that proxy, and pytest's monkeypatch."""

    def __init__(self, livekit, proxy, monkeypatch, tmp_path):
        self.livekit = livekit
        self.proxy = proxy
        self.monkeypatch = monkeypatch
        self.tmp_path = tmp_path
        self.modules = ModuleRunner(proxy.url, livekit.api_key, livekit.api_secret)

    def spoilt(self, rpc, fault, **options):
        """Change a trunk while all RPCs whose names start with `rpc` are spoilt, and return the result."""
        self.modules.trunk(**TRUNK)
        self.proxy.spoil(rpc, fault, times=1000)
        return self.modules.trunk(metadata="m", **TRUNK, **options)


@pytest.fixture
def world(livekit, monkeypatch, tmp_path):
    with Proxy(livekit.url) as proxy:
        yield World(livekit, proxy, monkeypatch, tmp_path)


def test_each_failure_is_made_to_happen():
    assert set(HAPPENS) == {failure.what for failure in FAILURES.values()}
    assert len(HAPPENS) == len(FAILURES)


def pattern(text):
    """A regular expression for the text, with each placeholder in braces matching any string."""
    return ".*".join(map(re.escape, re.split(r"\{\w+\}", text)))


@pytest.mark.parametrize("name", FAILURES)
def test_failure(world, name):
    code, what, message, hint = FAILURES[name]
    result = HAPPENS[what](world)
    assert result["failed"]
    failure = result["failure"]
    assert set(failure) == {"code", "message", "rpc", "hint"}
    assert failure["code"] == ("dataloss" if name == "other" else code)
    # Messages about an object start with the object instead of the RPC, followed by the server's text.
    if name not in ("malformed", "invalid_argument"):
        assert re.match(pattern(message), failure["message"], re.DOTALL), failure["message"]
    assert re.fullmatch(pattern(hint), failure["hint"]), failure["hint"]
    assert result["msg"] == f"{failure['message']}. {failure['hint']}"
    assert "report" not in result["msg"]


@happens("A rule names a trunk that does not exist")
def _happening(world):
    world.modules.trunk(**TRUNK)
    return world.modules.dispatch(**{**RULE, "trunks": ["nobody"]})


@happens("No object has this `id`")
def _happening(world):
    return world.modules.trunk(id="ST_nobody", numbers=[ONE])


@happens("Several objects have this name")
def _happening(world):
    for _copy in range(2):
        world.livekit.twirp("SIP", "CreateSIPOutboundTrunk", {"trunk": {**OUTBOUND, "direction": None}})
    return world.modules.trunk(**OUTBOUND)


def two_trunks_named_t(world):
    for number in (ONE, TWO):
        world.livekit.twirp("SIP", "CreateSIPInboundTrunk", {"trunk": {"name": "t", "numbers": [number]}})


@happens("A rule names a trunk, but several trunks have this name")
def _happening(world):
    two_trunks_named_t(world)
    return world.modules.dispatch(**RULE)


@happens("Several trunks could be the renamed one")
def _happening(world):
    # Two trunks with the same number for two different callers do not conflict.
    for caller in (TWO, THREE):
        world.modules.trunk(name=f"for {caller}", numbers=[ONE], allowed_numbers=[caller])
    return world.modules.trunk(trunks=[{"name": "new", "numbers": [ONE]}], purge=True)


@happens("Two trunks or two rules claim the same calls")
def _happening(world):
    world.modules.trunk(**TRUNK)
    return world.modules.trunk(name="other", numbers=[ONE])


@happens("An existing rule lists the same number in two spellings")
def _happening(world):
    # Write to Redis directly: livekit-server would refuse this rule.
    rule = sip.SIPDispatchRuleInfo(sip_dispatch_rule_id="SDR_0", name="twice", numbers=[ONE, ONE[1:]])
    rule.rule.dispatch_rule_individual.room_prefix = "call"
    world.livekit.redis("HSET", "sip_dispatch_rule", "SDR_0", rule.SerializeToString().decode())
    return world.modules.routing(inbound_trunks=[TRUNK], dispatch_rules=[RULE])


@happens("A rule names the trunk to delete")
def _happening(world):
    world.modules.routing(inbound_trunks=[TRUNK], dispatch_rules=[RULE])
    return world.modules.trunk(name="t", state="absent")


@happens("The trunk to delete is the last one of a rule")
def _happening(world):
    world.modules.routing(inbound_trunks=[TRUNK], dispatch_rules=[RULE])
    return world.modules.trunk(name="t", state="absent", detach=True)


@happens("A call of `expect` would not get the expected result")
def _happening(world):
    return world.modules.routing(inbound_trunks=[TRUNK], dispatch_rules=[RULE], expect=[{"to": TWO}])


@happens(
    "Between two writes, callers would be accepted without the PIN that both tables require, or other calls would "
    "get a worse result than before and after"
)
def _happening(world):
    def table(*numbers):
        asking = {"name": "r", "trunks": ["t", "u"], "individual": {"room_prefix": "call-", "pin": "1234"}}
        open_rule = {"name": "w", "any_trunk": True, "individual": {"room_prefix": "call-"}}
        trunks = [{"name": name, "numbers": list(listed)} for name, listed in zip("tu", numbers, strict=True)]
        return world.modules.routing(inbound_trunks=trunks, dispatch_rules=[asking, open_rule])

    assert table([ONE, TWO], [THREE])["changed"]
    return table([ONE], [TWO, THREE])


@happens("`url` is not the URL of a server")
def _happening(world):
    world.modules.connection["url"] = "ftp://example.com"
    return world.modules.trunk(**TRUNK)


@happens("The server does not respond")
def _happening(world):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        world.modules.connection["url"] = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        return world.modules.trunk(**TRUNK)


@happens("No answer within `timeout`")
def _happening(world):
    return world.spoilt("List", unanswered, timeout=1)


@happens("The server does not know `api_key`")
def _happening(world):
    world.modules.connection["api_key"] = "APInobody"
    return world.modules.trunk(**TRUNK)


@happens("`api_secret` belongs to another key")
def _happening(world):
    world.modules.connection["api_secret"] = "x" * 40
    return world.modules.trunk(**TRUNK)


@happens("The clocks of the two hosts differ by more than a minute")
def _happening(world):
    world.monkeypatch.setattr(_client, "time", Clock(120))
    return world.modules.trunk(**TRUNK)


@happens("The key lacks the permission")
def _happening(world):
    return world.spoilt("List", answers(401, {"code": "unauthenticated", "msg": "permissions denied"}))


@happens("The key or secret is rejected for another reason")
def _happening(world):
    return world.spoilt("List", answers(401, "no"))


@happens("livekit-server runs without Redis")
def _happening(world):
    with LiveKit(redis=False, version=world.livekit.version) as livekit:
        return ModuleRunner(livekit.url, livekit.api_key, livekit.api_secret).trunk(**TRUNK)


@happens("livekit-server has an internal error, for example because Redis does not answer")
def _happening(world):
    return world.spoilt("List", answers(500, {"code": "internal", "msg": "redis: connection pool timeout"}))


@happens("livekit-server starts, stops or is overloaded")
def _happening(world):
    return world.spoilt("List", answers(503, {"code": "unavailable", "msg": "try again"}))


@happens("The server is older than 1.9.0")
def _happening(world):
    return world.spoilt("Update", answers(404, {"code": "bad_route", "msg": "no handler for path"}))


@happens("The server is too old for a field, and stored the object without it")
def _happening(world):
    world.proxy.spoil("", without("auth_realm"), times=1000)
    return world.modules.trunk(auth_realm="example", **TRUNK)


@happens("The objects on the server show that it is too old for this field")
def _happening(world):
    world.proxy.spoil("", without("auth_realm"), times=1000)
    world.modules.trunk(**TRUNK)
    return world.modules.trunk(auth_realm="example", **TRUNK)


@happens("The server does not know a key that no known version has, and stored the object without it")
def _happening(world):
    return world.modules.trunk(other_fields={"new_key": 1}, **TRUNK)


@happens("The server stored a different value than the one sent")
def _happening(world):
    def shouted(ask):
        answer = ask()
        answer.body = answer.body.replace(b'"quiet"', b'"QUIET"')
        return answer

    world.proxy.spoil("", shouted, times=1000)
    return world.modules.trunk(metadata="quiet", **TRUNK)


@happens("The server cannot read a value")
def _happening(world):
    world.modules.trunk(**TRUNK)
    return world.modules.dispatch(room_config={"max_participants": 10**11}, **RULE)


@happens("The server rejects a value that the modules accept")
def _happening(world):
    return world.spoilt("Update", answers(400, {"code": "invalid_argument", "msg": "something new"}))


@happens("The server limits requests for longer than `timeout`")
def _happening(world):
    return world.spoilt("Update", answers(429, {"code": "resource_exhausted", "msg": "slow down"}))


@happens("Any other answer of the server")
def _happening(world):
    return world.spoilt("Update", answers(500, {"code": "dataloss", "msg": "something is gone"}))


@happens("The connection broke at each attempt of a write")
def _happening(world):
    world.modules.connection["url"] = world.proxy.url

    def undone(ask):
        """The server creates the object, and another client deletes it."""
        try:
            cut_after(ask)
        finally:
            world.livekit.flush()

    world.proxy.spoil("Create", undone, times=1000)
    return world.modules.trunk(**TRUNK)


def with_certificate(world, trusted=True, scheme="https", of_clients=False, **made):
    """Run a module against a server with a certificate of this kind."""
    path = certificate(world.tmp_path / "server.pem", **made)
    with Misbehaving() as server:
        server.speak_tls(path, of_clients)
        world.modules.connection["url"] = server.url.replace("https", scheme)
        return world.modules.trunk(**TRUNK, **({"ca_path": str(path)} if trusted else {}))


@happens("No known authority signed the server's certificate")
def _happening(world):
    return with_certificate(world, trusted=False)


@happens("The server's certificate is for another host")
def _happening(world):
    return with_certificate(world, host="livekit.example.com")


@happens("The server's certificate has expired, or is not valid yet")
def _happening(world):
    return with_certificate(world, days=-1)


@happens("`url` has https, but the server uses plain HTTP")
def _happening(world):
    world.modules.connection["url"] = world.livekit.url.replace("http://", "https://")
    return world.modules.trunk(**TRUNK)


@happens("`url` has http, but the server uses TLS")
def _happening(world):
    return with_certificate(world, scheme="http")


@happens("The TLS handshake fails for another reason")
def _happening(world):
    return with_certificate(world, of_clients=True)


@happens("Writes get an answer each time, but nothing changes")
def _happening(world):
    world.modules.trunk(**TRUNK)
    stored = world.livekit.twirp("SIP", "ListSIPInboundTrunk")[1]["items"][0]
    world.proxy.spoil("Update", answers(200, {**stored, "metadata": "m"}), times=1000)
    return world.modules.trunk(metadata="m", **TRUNK)


@happens("A redirect instead of an answer")
def _happening(world):
    return world.spoilt("List", answers(301, HTML))


@happens("JSON that LiveKit does not send, such as objects without ids")
def _happening(world):
    return world.spoilt("List", answers(200, {"items": [{"name": "t"}]}))


@happens("A web page instead of an answer")
def _happening(world):
    return world.spoilt("List", answers(200, HTML))


@happens("A proxy does not reach livekit-server")
def _happening(world):
    return world.spoilt("List", answers(502, HTML))


@happens("Other runs repeatedly created the same object")
def _happening(world):
    # Write to Redis directly: livekit-server would refuse the second trunk, and would choose the id itself.
    rival = sip.SIPInboundTrunkInfo(sip_trunk_id="ST_0", name="t", numbers=[ONE])

    def rival_comes(ask):
        answer = ask()
        assert world.livekit.redis("HSET", "sip_inbound_trunk", "ST_0", rival.SerializeToString().decode()) == ":1"
        return answer

    def rival_goes(ask):
        assert world.livekit.redis("HDEL", "sip_inbound_trunk", "ST_0") == ":1"
        return ask()

    world.proxy.spoil("Create", rival_comes, times=1000)
    world.proxy.spoil("Delete", rival_goes, times=1000)
    return world.modules.trunk(**TRUNK)
