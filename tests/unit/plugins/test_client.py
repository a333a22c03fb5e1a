# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP client against a server that misbehaves on request."""

from __future__ import annotations

import socket
import time
from email.utils import formatdate

import jwt
import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._client import Client, LiveKitError, token
from ansible_collections.telephony.livekit.plugins.module_utils._connection import http_url, sends_in_clear
from livekit import api as livekit_api

from tests.support.misbehaving import certificate

KEY, SECRET = "APIkey", "secret-secret-secret-secret-secret-1"


@pytest.fixture
def client(server):
    return Client(server.url, KEY, SECRET, True, 0.5, read_only=False)


def test_the_token_is_one_that_pyjwt_reads():
    now = int(time.time())
    claims = jwt.decode(token(KEY, SECRET, now - 30, now + 600), SECRET, algorithms=["HS256"])
    assert claims == {"iss": KEY, "sub": "ansible", "nbf": now - 30, "exp": now + 600, "sip": {"admin": True}}


def test_the_token_carries_what_livekit_s_own_would():
    own = livekit_api.AccessToken(KEY, SECRET).with_sip_grants(livekit_api.SIPGrants(admin=True)).to_jwt()
    now = int(time.time())
    ours = jwt.decode(token(KEY, SECRET, now - 30, now + 600), SECRET, algorithms=["HS256"])
    theirs = jwt.decode(own, SECRET, algorithms=["HS256"])
    assert (ours["iss"], ours["sip"]["admin"]) == (theirs["iss"], theirs["sip"]["admin"])
    assert livekit_api.TokenVerifier(KEY, SECRET).verify(token(KEY, SECRET, now - 30, now + 600)).sip.admin


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("ws://127.0.0.1:7880", "http://127.0.0.1:7880"),
        ("wss://example.com/", "https://example.com"),
        ("https://example.com/livekit/", "https://example.com/livekit"),
        ("127.0.0.1:7880", "http://127.0.0.1:7880"),
        ("http://[2001:db8::1]:7880", "http://[2001:db8::1]:7880"),
        ("wss://my_host.example.com.", "https://my_host.example.com."),
    ],
)
def test_urls(written, used):
    assert http_url(written) == used


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "", "http://[::1", "http://example.com:port", "example.com:99999", "example.com:0"]
)
def test_a_url_that_is_none(url):
    with pytest.raises(LiveKitError) as error:
        http_url(url)
    assert error.value.code == "bad_url"


@pytest.mark.parametrize("url", ["https://me:hunter2@example.com", "me:hunter2@example.com", "http://me:hunter2@[::1"])
def test_a_url_with_a_password_is_refused_and_not_shown(url):
    with pytest.raises(LiveKitError) as error:
        http_url(url)
    assert error.value.code == "bad_url"
    assert "hunter2" not in f"{error.value} {error.value.hint}"


@pytest.mark.parametrize("entry", ["default", "machine 127.0.0.1"])
def test_a_netrc_does_not_replace_the_token(server, client, tmp_path, monkeypatch, entry):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"{entry} login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client.call("ListSIPInboundTrunk", {})
    assert server.requests[0][2].startswith("Bearer ")


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_a_proxy_of_the_environment_is_used_and_gets_the_token(server, monkeypatch, variable):
    monkeypatch.setenv(variable, server.url)
    client = Client("http://livekit.example.com", KEY, SECRET, True, 1, read_only=True)
    client.call("ListSIPInboundTrunk", {})
    path, _body, authorization = server.requests[0]
    assert path == "http://livekit.example.com/twirp/livekit.SIP/ListSIPInboundTrunk"
    assert authorization.startswith("Bearer ")


def test_a_host_that_the_environment_excepts_is_asked_without_a_proxy(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Client(server.url, KEY, SECRET, True, 1, read_only=True).call("ListSIPInboundTrunk", {})
    assert server.requests


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://127.0.0.1:7880", False), ("http://example.com", True), ("wss://example.com", False)],
)
def test_plain_http_to_the_world_is_noticed(url, expected):
    assert sends_in_clear(url) is expected


PASSING = [(503, {"code": "unavailable", "msg": "x"}, {}), (502, "<html>", {}), "cut"]


@pytest.mark.parametrize("fault", PASSING, ids=["503", "502 html", "cut"])
def test_a_read_is_tried_again(server, client, fault):
    server.script = [fault, (200, {"items": [1]}, {})]
    assert client.call("ListSIPInboundTrunk", {}) == {"items": [1]}
    assert len(server.requests) == 2


def test_a_read_without_an_answer_ends_with_the_timeout(server, client):
    server.script = ["slow"]
    with pytest.raises(LiveKitError) as error:
        client.call("ListSIPInboundTrunk", {})
    assert error.value.code == "unreachable"
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [*PASSING, "slow"], ids=["503", "502 html", "cut", "slow"])
def test_a_write_is_never_repeated(server, client, fault):
    server.script = [fault, (200, {"sip_trunk_id": "ST_1"}, {})]
    with pytest.raises(LiveKitError) as error:
        client.call("CreateSIPInboundTrunk", {})
    assert error.value.code in ("unavailable", "not_json_5xx", "lost_answer")
    assert len(server.requests) == 1


def test_a_server_without_redis_is_not_asked_again(server, client):
    server.script = [(500, {"code": "internal", "msg": "sip not connected (redis required)"}, {})]
    with pytest.raises(LiveKitError) as error:
        client.call("ListSIPInboundTrunk", {})
    assert "Redis" in error.value.hint
    assert len(server.requests) == 1


def test_check_mode_cannot_write(server):
    client = Client(server.url, KEY, SECRET, True, 1, read_only=True)
    client.call("ListSIPInboundTrunk", {})
    for rpc in ("CreateSIPInboundTrunk", "UpdateSIPDispatchRule", "DeleteSIPTrunk"):
        with pytest.raises(AssertionError, match="check mode"):
            client.call(rpc, {})
    assert len(server.requests) == 1


def test_the_token_in_a_401_is_cut_out(server, client):
    bearer = token(KEY, SECRET, 0, 1)
    server.script = [(401, f"invalid token: {bearer}, error: token signature is invalid: signature is invalid", {})]
    with pytest.raises(LiveKitError) as error:
        client.call("ListSIPInboundTrunk", {})
    assert "<token>" in error.value.message
    assert bearer.split(".")[2] not in error.value.message
    assert "api_secret does not belong" in error.value.hint


@pytest.mark.parametrize(
    ("status", "content", "code", "hint"),
    [
        (401, "invalid API key: APIkey", "unauthenticated", "does not know this api_key"),
        (401, {"code": "unauthenticated", "msg": "permissions denied"}, "unauthenticated", "may not manage SIP"),
        (404, {"code": "bad_route", "msg": "no handler"}, "bad_route", "too old"),
        (429, {"code": "resource_exhausted", "msg": "slow down"}, "resource_exhausted", "try again later"),
        (200, "<html>Welcome to nginx!</html>", "not_json", "port 7880"),
        (301, "", "redirected", "url"),
    ],
)
def test_each_refusal_has_a_hint(server, client, status, content, code, hint):
    server.script = [(status, content, {})]
    with pytest.raises(LiveKitError) as error:
        client.call("UpdateSIPInboundTrunk", {})
    assert error.value.code == code
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("status", "content", "headers"),
    [(200, "[" * 100_000, {}), (200, "null", {}), (200, '{"items": [', {})],
    ids=["nested", "null", "truncated"],
)
def test_an_odd_answer_is_named(server, client, status, content, headers):
    server.script = [(status, content, headers)]
    with pytest.raises(LiveKitError) as error:
        client.call("UpdateSIPInboundTrunk", {})
    assert error.value.code == "not_json"


def test_a_clock_that_is_wrong_is_named(server, client):
    early = formatdate(time.time() - 120, usegmt=True)
    server.script = [(401, "invalid token: x, error: token is not valid yet", {"Date": early})]
    with pytest.raises(LiveKitError) as error:
        client.call("ListSIPInboundTrunk", {})
    assert "clocks differ by 1" in error.value.hint


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(LiveKitError) as error:
        Client(url, KEY, SECRET, True, 0.1, read_only=False).call("DeleteSIPTrunk", {})
    assert error.value.code == "unreachable"
    assert "Connection refused" in error.value.message


@pytest.fixture
def tls_server(server, tmp_path):
    server.speak_tls(certificate(tmp_path / "server.pem"))
    return server


def test_https_is_verified_with_the_given_authorities(tls_server, tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    url = tls_server.url.replace("https://", "wss://")
    client = Client(f"{url}/base/path/", KEY, SECRET, str(tmp_path / "server.pem"), 1, read_only=True)
    assert client.call("ListSIPInboundTrunk", {}) == {"items": []}
    assert tls_server.requests[0][0] == "/base/path/twirp/livekit.SIP/ListSIPInboundTrunk"


def test_https_with_an_unknown_certificate_is_refused(tls_server, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    with pytest.raises(LiveKitError) as error:
        Client(tls_server.url, KEY, SECRET, True, 0.1, read_only=True).call("ListSIPInboundTrunk", {})
    assert error.value.code == "tls"
    assert "certificate" in error.value.message.lower()
    assert tls_server.requests == []


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_https_unverified_on_request(tls_server, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    assert Client(tls_server.url, KEY, SECRET, False, 1, read_only=True).call("ListSIPInboundTrunk", {})
