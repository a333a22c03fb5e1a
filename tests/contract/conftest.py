# SPDX-License-Identifier: GPL-3.0-or-later
"""`--server newer` runs these tests against the API of a newer livekit-server.

A test that no other server could change, and that takes long, is marked `one_server(reason=...)` and left out there,
and so is a test that asks no server. One line at the end says how many, and why.
"""

from __future__ import annotations

from collections import Counter

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _client, _rivals, _run

from tests.images import build
from tests.support.livekit import LiveKit
from tests.support.modules import Clock, ModuleRunner
from tests.support.proxy import Proxy

# Builds two more livekit-servers: only when it is named, as the stage old-servers does.
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
    """What the modules wait for other runs, or for a server that comes back, takes no time: nobody else is there.

    They look again all the same. test_races.py, where others are there, leaves this out.
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
    """A livekit-server that holds no trunk and no rule."""
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
    """The modules, by way of the proxy."""
    return ModuleRunner(proxy.url, livekit.api_key, livekit.api_secret)
