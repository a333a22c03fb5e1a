# SPDX-License-Identifier: GPL-3.0-or-later
"""The double of livekit-server's API answers as the real one was recorded."""

from __future__ import annotations

import pytest

from tests.doubles.livekit_api import LiveKitApi
from tests.support import recording


@pytest.fixture(scope="module")
def answers():
    with LiveKitApi() as livekit:
        return recording.play(livekit)


@pytest.mark.parametrize("name", recording.NAMES)
def test_double_answers_as_recorded(answers, name):
    recording.assert_as_recorded(answers, name)
