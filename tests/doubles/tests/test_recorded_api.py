# SPDX-License-Identifier: GPL-3.0-or-later
"""Play the recorded API cases on the real livekit-server."""

from __future__ import annotations

import pytest

from tests.doubles import recording
from tests.support.livekit import LiveKit


@pytest.fixture(scope="module")
def answers():
    with LiveKit() as livekit:
        return recording.play(livekit)


def test_recording_is_whole():
    assert len(recording.NAMES) == len(set(recording.NAMES)) == 53


@pytest.mark.parametrize("name", recording.NAMES)
def test_server_answers_as_recorded(answers, name):
    recording.assert_as_recorded(answers, name)
