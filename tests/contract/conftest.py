# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from tests.support.livekit import LiveKit
from tests.support.modules import ModuleRunner

# Builds two more livekit-servers: only when it is named, as the stage old-servers does.
collect_ignore = ["test_old_servers.py"]


@pytest.fixture(scope="session")
def running_livekit():
    with LiveKit() as livekit:
        yield livekit


@pytest.fixture
def livekit(running_livekit):
    """A livekit-server that holds no trunk and no rule."""
    running_livekit.flush()
    return running_livekit


@pytest.fixture
def modules(livekit):
    return ModuleRunner(livekit.url, livekit.api_key, livekit.api_secret)
