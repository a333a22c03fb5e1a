# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules say when the server cannot do its part. Nothing is written in any of these cases."""

from __future__ import annotations

import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler

import pytest

from tests.support.livekit import LiveKit, free_port
from tests.support.modules import ModuleRunner

TRUNK = {"name": "t", "numbers": ["+12025550101"], "timeout": 1}


@pytest.fixture(scope="module")
def livekit_without_redis():
    with LiveKit(redis=False) as livekit:
        yield livekit


@pytest.fixture
def web_server():
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def failure_of(modules, check):
    result = modules.trunk(check=check, **TRUNK)
    assert result["failed"]
    assert result["failure"]["hint"] in result["msg"] or result["msg"].endswith(result["failure"]["hint"][1:])
    return result["failure"]


@pytest.mark.parametrize("check", [True, False])
def test_nobody_listens(modules, check):
    modules.connection["url"] = f"http://127.0.0.1:{free_port()}"
    failure = failure_of(modules, check)
    assert failure["code"] == "unreachable"
    assert "is livekit-server running" in failure["hint"]


@pytest.mark.parametrize("check", [True, False])
def test_wrong_secret(modules, check):
    modules.connection["api_secret"] = "x" * 40
    failure = failure_of(modules, check)
    assert failure["code"] == "unauthenticated"
    assert "api_secret does not belong to the api_key" in failure["hint"]


def test_unknown_key(modules):
    modules.connection["api_key"] = "APInobody"
    assert "does not know this api_key" in failure_of(modules, False)["hint"]


@pytest.mark.parametrize("check", [True, False])
def test_no_redis(livekit_without_redis, check):
    server = livekit_without_redis
    failure = failure_of(ModuleRunner(server.url, server.api_key, server.api_secret), check)
    assert "configure redis" in failure["hint"]


@pytest.mark.parametrize("check", [True, False])
def test_an_answer_that_is_not_json(modules, web_server, check):
    modules.connection["url"] = web_server
    failure = failure_of(modules, check)
    assert failure["code"] in ("not_json", "not_json_5xx")
    assert "port 7880" in failure["hint"]
