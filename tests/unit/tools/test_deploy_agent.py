# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from tests.unit.plugins.test_summary import FACTS
from tools.deploy import images, settings, summary


class Registry:
    """A Docker daemon without images."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []

    def has(self, image):
        return False

    def pull(self, image):
        self.asked.append(image)
        return self.answers


def test_the_demo_agent_is_named_or_nothing_is_said():
    assert settings.parse_agent("demo") == "demo"
    assert settings.parse_agent("") == ""


def test_another_agent_is_refused_with_the_way_to_have_it():
    with pytest.raises(settings.InvalidSetting, match="AGENT=mine.*livekit_agent_image"):
        settings.parse_agent("mine")


@pytest.mark.parametrize("answers", [True, False])
def test_what_an_image_is_built_on_is_pulled(answers):
    registry = Registry(answers)
    assert images.can_be_had("docker.io/library/python:3", registry, print) is answers
    assert registry.asked == ["docker.io/library/python:3"]


def test_the_summary_tells_to_call_where_an_agent_answers():
    text = summary.render({**FACTS, "is_agent": True}, [])
    assert "Then call: the agent on this machine answers" in text
    assert "AGENT=demo" not in text


def test_the_summary_tells_how_to_have_an_agent():
    text = summary.render(FACTS, [])
    assert "make deploy AGENT=demo" in text
    assert "/etc/livekit/keys/agents.env" in text
