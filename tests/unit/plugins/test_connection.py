# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules' messages if a connection option is invalid, or if no LiveKit server answers at `url`."""

from __future__ import annotations

import socket
import ssl
import time
from email.utils import formatdate

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _client

from tests.support.misbehaving import certificate
from tests.support.modules import ModuleRunner

KEY, SECRET = "APIkey", "secret-secret-secret-secret-secret-1"
TRUNK = {"name": "t", "numbers": ["+12025550101"]}


@pytest.fixture(autouse=True)
def no_authorities_of_the_environment(monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)


@pytest.fixture
def modules(server):
    return ModuleRunner(server.url, KEY, SECRET)


def refused(result, option, code="invalid"):
    assert result["failed"], result
    assert result["failure"]["code"] == code
    assert result["msg"].startswith(f"{option}: ")
    assert "is invalid: " in result["msg"]
    assert "****" not in result["msg"]
    assert result["msg"].count(". ") >= 1, "it says what to do"
    return result["msg"]


def failed(result, code, *words):
    assert result["failed"], result
    assert result["failure"]["code"] == code, result["failure"]
    for word in words:
        assert word in result["msg"]
    assert result["failure"]["hint"]
    return result["failure"]


@pytest.mark.parametrize("value", ["", "  "])
@pytest.mark.parametrize(("option", "code"), [("url", "bad_url"), ("api_key", "invalid"), ("api_secret", "invalid")])
def test_an_empty_option_is_named(server, modules, option, code, value):
    for result in (modules.trunk(**TRUNK, **{option: value}), modules.run("livekit_sip_info", **{option: value})):
        refused(result, option, code)
    assert server.requests == []


def test_a_short_secret_leaves_messages_whole(server, modules):
    server.script = [(401, "nothing is right", {})]
    result = modules.trunk(**TRUNK, api_secret="secret")
    assert result["failure"]["hint"] == "Check api_key and api_secret."
    assert "****" not in modules.outputs[-1]


@pytest.mark.parametrize("value", [0, -1, 3601, 10**12])
def test_a_timeout_out_of_bounds_is_refused(server, modules, value):
    assert str(value) in refused(modules.trunk(**TRUNK, timeout=value), "timeout")
    assert server.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1",
        "http://",
        "https:///livekit",
        "http:/example.com",
        "http:127.0.0.1:7880",
        "http://{{ host }}:7880",
        "http://exa mple.com",
        "http://example.com/?a=b",
        "http://example.com/#a",
        "http://" + "a" * 64 + ".example.com",
        "http://a..example.com",
    ],
)
def test_a_url_that_is_none_is_named(modules, url):
    assert repr(url)[:60] in refused(modules.trunk(**TRUNK, url=url), "url", "bad_url")


def test_a_url_with_a_password_is_named_and_not_shown(modules):
    refused(modules.trunk(**TRUNK, url="http://me:hunter2@example.com"), "url", "bad_url")
    assert "hunter2" not in modules.outputs[-1]


@pytest.fixture
def not_authorities(tmp_path):
    (tmp_path / "text.pem").write_text("no certificate\n")
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "authority.pem").write_text("not named by its hash")
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "bytes.pem").write_bytes(bytes(range(256)))
    return tmp_path


@pytest.mark.parametrize(
    "name", ["missing", "text.pem", "empty.pem", "folder", "broken.pem", "bytes.pem", "text.pem/a"]
)
def test_authorities_that_are_none_are_named_before_the_first_request(server, modules, not_authorities, name):
    path = str(not_authorities / name)
    assert path in refused(modules.trunk(**TRUNK, ca_path=path), "ca_path")
    refused(modules.run("livekit_sip_info", ca_path=path), "ca_path")
    assert server.requests == []


def test_authorities_that_may_not_be_read_are_named(server, modules, tmp_path, monkeypatch):
    def forbidden(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    path = certificate(tmp_path / "a.pem")
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", forbidden)
    assert "Permission denied" in refused(modules.trunk(**TRUNK, ca_path=str(path)), "ca_path")
    assert server.requests == []


def test_authorities_of_the_environment_that_are_none_are_named(server, modules, tmp_path, monkeypatch):
    server.speak_tls(certificate(tmp_path / "server.pem"))
    modules.connection["url"] = server.url
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    assert "/nowhere.pem" in refused(modules.trunk(**TRUNK), "REQUESTS_CA_BUNDLE")
    assert "failed" not in modules.run("livekit_sip_info", ca_path=str(tmp_path / "server.pem"))


def test_authorities_do_not_matter_where_no_certificate_is_checked(modules):
    assert "failed" not in modules.run("livekit_sip_info", ca_path="/nowhere.pem", validate_certs=False)


ODD_ANSWERS = {
    "a list": [],
    "a list of objects": [{"sip_trunk_id": "ST_1"}],
    "items is an object": {"items": {"a": "b"}},
    "items is a text": {"items": "abc"},
    "items of texts": {"items": ["abc"]},
    "items without ids": {"items": [{"name": "t"}]},
    "ids that are numbers": {"items": [{"sip_trunk_id": 5, "sip_dispatch_rule_id": 5, "name": "t"}]},
    "numbers is a text": {"items": [{"sip_trunk_id": "ST_1", "numbers": "+12025550101"}]},
    "name is a list": {"items": [{"sip_trunk_id": "ST_1", "name": ["t"]}]},
}


@pytest.mark.parametrize("answer", ODD_ANSWERS.values(), ids=ODD_ANSWERS)
def test_an_answer_to_list_that_livekit_does_not_give_is_named(server, modules, answer):
    server.script = [(200, answer, {})]
    for result in (modules.trunk(**TRUNK), modules.run("livekit_sip_info")):
        failure = failed(result, "odd_answer", "ListSIPInboundTrunk", server.url)
        assert "check url" in failure["hint"]


@pytest.mark.parametrize("answer", ['"OK"', "OK", ""])
def test_an_answer_to_list_that_is_no_object_of_json_is_named(server, modules, answer):
    server.script = [(200, answer, {})]
    for result in (modules.trunk(**TRUNK), modules.run("livekit_sip_info")):
        assert "check url" in failed(result, "not_json", "ListSIPInboundTrunk", server.url)["hint"]


@pytest.mark.parametrize(
    "answer", [{}, {"sip_trunk_id": ""}, {"sip_trunk_id": None}, {"items": []}, {"sip_trunk_id": {}}]
)
@pytest.mark.parametrize("rpc", ["CreateSIPInboundTrunk", "UpdateSIPInboundTrunk"])
def test_an_answer_to_a_write_that_livekit_does_not_give_is_named(server, modules, rpc, answer):
    there = [{"sip_trunk_id": "ST_1", "name": "t", "numbers": ["+12025550102"]}] if rpc.startswith("Update") else []
    server.script = [(200, {"items": there}, {}), (200, answer, {})]
    failed(modules.trunk(**TRUNK), "odd_answer", rpc, "sip_trunk_id")
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("https://livekit.example.com/twirp/livekit.SIP/ListSIPInboundTrunk", "https://livekit.example.com"),
        ("https://login.example.com/?next=1", "https://login.example.com/?next=1"),
        ("/login", "/login"),
        ("http://[::1", "http://[::1"),
        ("https://me:hunter2@example.com/", "example.com"),
        (None, "does not say where"),
    ],
)
def test_a_redirect_is_named_and_not_followed(server, modules, status, location, named):
    server.script = [(status, "", {"Location": location} if location else {})]
    failure = failed(modules.trunk(**TRUNK), "redirected", named)
    assert "url" in failure["hint"]
    assert "/twirp/" not in failure["message"]
    assert "hunter2" not in modules.outputs[-1]
    assert len(server.requests) == 1


def tls(server, modules, code, *words, **options):
    modules.connection["url"] = server.url
    for run in (modules.trunk, lambda **_more: modules.run("livekit_sip_info", **options)):
        began = time.monotonic()
        failure = failed(run(**TRUNK, **options), code, *words)
        assert time.monotonic() - began < 3, "never retried"
        assert "firewall" not in failure["hint"]
    assert server.requests == []


def test_a_certificate_that_no_authority_signed_is_named(server, modules, tmp_path):
    server.speak_tls(certificate(tmp_path / "server.pem"))
    tls(server, modules, "tls", "self-signed", "ca_path", "validate_certs")


def test_a_certificate_of_another_authority_is_named(server, modules, tmp_path):
    server.speak_tls(certificate(tmp_path / "server.pem"))
    other = str(certificate(tmp_path / "other.pem"))
    tls(server, modules, "tls", "ca_path", "validate_certs", ca_path=other)


def test_a_certificate_for_another_host_is_named(server, modules, tmp_path):
    path = certificate(tmp_path / "server.pem", "livekit.example.com")
    server.speak_tls(path)
    tls(server, modules, "tls", "127.0.0.1", "url", "validate_certs", ca_path=str(path))


def test_a_certificate_that_has_expired_is_named(server, modules, tmp_path):
    path = certificate(tmp_path / "server.pem", days=-1)
    server.speak_tls(path)
    tls(server, modules, "tls", "expired", "validate_certs", ca_path=str(path))


def test_https_to_a_server_that_speaks_http_is_named(server, modules):
    server.url = server.url.replace("http://", "https://")
    tls(server, modules, "tls", "http://")


def test_http_to_a_server_that_speaks_https_is_named(server, modules, tmp_path):
    server.speak_tls(certificate(tmp_path / "server.pem"))
    server.url = server.url.replace("https://", "http://")
    tls(server, modules, "tls", "https://")


@pytest.mark.parametrize(
    "text",
    [
        "Client sent an HTTP request to an HTTPS server.\n",
        "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>",
    ],
    ids=["Go", "nginx"],
)
def test_a_server_that_says_it_speaks_https_is_named(server, modules, text):
    server.script = [(400, text, {})]
    failed(modules.trunk(**TRUNK), "tls", "https://")
    assert len(server.requests) == 1


def test_a_connection_that_breaks_in_the_handshake_is_tried_again(server, modules, tmp_path, monkeypatch):
    """A server that restarts breaks connections during the handshake."""
    path = certificate(tmp_path / "server.pem")
    server.speak_tls(path)
    modules.connection["url"] = server.url
    accept = server.server.get_request
    cuts = iter(range(2))

    def cut_first():
        if next(cuts, None) is None:
            return accept()
        connection, _address = socket.socket.accept(server.server.socket)
        connection.close()
        raise OSError

    monkeypatch.setattr(server.server, "get_request", cut_first)
    assert "failed" not in modules.run("livekit_sip_info", ca_path=str(path))


class Clock:
    """Adds up the pauses instead of sleeping."""

    def __init__(self):
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)

    def monotonic(self):
        return sum(self.slept)

    time = staticmethod(time.time)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(_client, "time", clock)
    return clock


LIMITED = (429, {"code": "resource_exhausted", "msg": "slow down"}, {"Retry-After": "7"})
BUSY = (503, "<html>busy</html>", {"Retry-After": "7"})
EMPTY = (200, {"items": []}, {})
MADE = (200, {"sip_trunk_id": "ST_1", "name": "t", "numbers": ["+12025550101"]}, {})
STORED = (200, {"items": [MADE[1]]}, {})


@pytest.mark.parametrize("busy", [LIMITED, (429, "<html>", {"Retry-After": "7"}), BUSY], ids=["429", "429 html", "503"])
def test_a_read_waits_as_long_as_the_server_asks(server, modules, clock, busy):
    server.script = [busy, busy, EMPTY]
    assert "failed" not in modules.run("livekit_sip_info")
    assert clock.slept == [7, 7]


def test_a_write_waits_as_long_as_the_server_asks(server, modules, clock):
    server.script = [EMPTY, LIMITED, LIMITED, MADE, STORED]
    assert modules.trunk(**TRUNK)["changed"]
    assert clock.slept == [7, 7]


def test_a_write_to_a_busy_server_waits_and_looks_first(server, modules, clock):
    server.script = [EMPTY, BUSY, STORED]
    assert modules.trunk(**TRUNK)["changed"]
    assert clock.slept == [7]
    writes = [path for path, _body, _token in server.requests if "Create" in path]
    assert len(writes) == 1


def test_a_date_in_retry_after_is_read(server, modules, clock):
    server.script = [(429, "", {"Retry-After": formatdate(time.time() + 9, usegmt=True)}), EMPTY]
    assert "failed" not in modules.run("livekit_sip_info")
    assert len(clock.slept) == 1
    assert 7 <= clock.slept[0] <= 9


@pytest.mark.parametrize("value", ["soon", "-5", "0", None])
def test_without_a_time_to_wait_for_the_own_pauses_are_taken(server, modules, clock, value):
    server.script = [(429, "", {} if value is None else {"Retry-After": value}), EMPTY]
    assert "failed" not in modules.run("livekit_sip_info")
    assert clock.slept == [0.01]


@pytest.mark.parametrize("what", ["read", "write"])
def test_a_limit_that_lasts_longer_than_the_timeout_is_named(server, modules, clock, what):
    server.script = [LIMITED] if what == "read" else [EMPTY, LIMITED]
    failure = failed(modules.trunk(**TRUNK, timeout=20), "resource_exhausted", "7 s", "timeout", "20 s")
    assert "later" in failure["hint"]
    assert clock.slept == [7, 7]


def test_a_limit_of_an_hour_is_named_at_once(server, modules, clock):
    server.script = [(429, "", {"Retry-After": "3600"})]
    failed(modules.trunk(**TRUNK), "resource_exhausted", "3600 s")
    assert clock.slept == []
