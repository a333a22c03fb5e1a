# SPDX-License-Identifier: GPL-3.0-or-later
"""`--server newer` runs these tests against the API of a newer livekit-server.

That run leaves out the tests marked `one_server(reason=...)`, which are slow and do not depend on the server's version,
and the tests that query no server. One line at the end reports how many were left out, and why.
"""

from __future__ import annotations

from collections import Counter

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _client, _rivals, _run

from tests.images import build
from tests.support.livekit import LiveKit
from tests.support.modules import Clock, ModuleRunner
from tests.support.proxy import Proxy

# This file builds two more livekit-servers, so it runs only when it is named, as in the stage old-servers.
collect_ignore = ["test_old_servers.py"]

SERVERS = {"pinned": build.PINNED, "newer": build.NEWER_API}
LEFT_OUT = pytest.StashKey[Counter]()


def pytest_addoption(parser):
    parser.addoption("--server", choices=SERVERS, default="pinned", help="the livekit-server to run against")


def pytest_configure(config):
    config.addinivalue_line("markers", "one_server(reason): with another livekit-server this test says nothing new")


def pytest_collection_modifyitems(config, items):
    left_out = config.stash[LEFT_OUT] = Counter()
    if config.getoption("server") == "pinned":
        return
    kept, dropped = [], []
    for item in items:
        marker = item.get_closest_marker("one_server")
        reason = marker.kwargs["reason"] if marker else "it asks no server"
        if marker or "running_livekit" not in item.fixturenames:
            dropped.append(item)
            left_out[reason] += 1
        else:
            kept.append(item)
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept


def pytest_terminal_summary(terminalreporter, config):
    left_out = config.stash.get(LEFT_OUT, None)
    if left_out:
        reasons = "; ".join(f"{count}: {reason}" for reason, count in left_out.most_common())
        version = SERVERS[config.getoption("server")]
        terminalreporter.write_line(f"Tests left out with livekit-server {version}: {left_out.total()} ({reasons})")


@pytest.fixture(scope="session")
def running_livekit(request):
    with LiveKit(version=SERVERS[request.config.getoption("server")]) as livekit:
        yield livekit


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Shorten the modules' waits for other runs and for a server to come back: these tests have no other runs.

    The modules still repeat their reads. test_races.py runs copies in parallel and overrides this fixture.
    """
    monkeypatch.setattr(_run, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(_run, "AT_REST_SECONDS", 0.01)
    monkeypatch.setattr(_rivals, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(_rivals, "PATIENCE_SECONDS", 0.05)
    clock = Clock()
    monkeypatch.setattr(_client, "time", clock)
    return clock


@pytest.fixture
def livekit(running_livekit):
    """A livekit-server without trunks or dispatch rules."""
    running_livekit.flush()
    return running_livekit


@pytest.fixture
def modules(livekit):
    return ModuleRunner(livekit.url, livekit.api_key, livekit.api_secret)


@pytest.fixture
def proxy(livekit):
    with Proxy(livekit.url) as proxy:
        yield proxy


@pytest.fixture
def spoilt(livekit, proxy):
    """The modules, connected through the proxy."""
    return ModuleRunner(proxy.url, livekit.api_key, livekit.api_secret)
