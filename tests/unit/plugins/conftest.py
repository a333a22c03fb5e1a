# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _client

from tests.support.misbehaving import Misbehaving


@pytest.fixture
def server(monkeypatch):
    """A server that misbehaves on request. The client pauses only briefly between attempts."""
    monkeypatch.setattr(_client, "_RETRY_PAUSES", (0.01,) * 4)
    with Misbehaving() as misbehaving:
        yield misbehaving
