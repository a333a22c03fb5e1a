# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from tools.deploy import images

SIP = images.Wanted("livekit_sip", "docker.io/livekit/sip:v1.10.0", container="livekit-sip")
REDIS = images.Wanted("livekit_redis", "docker.io/library/redis:7.4.1", container="livekit-redis")


class FakeDocker:
    """A daemon that has some images, and a registry that answers or does not."""

    def __init__(self, local=(), registry=(), trace=""):
        self.local, self.registry, self.trace, self.pulled = set(local), set(registry), trace, []

    def has(self, image):
        return image in self.local

    def pull(self, image):
        self.pulled.append(image)
        return image in self.registry

    def traces(self, wanted):
        return self.trace


def missing(wanted, daemon):
    return images.missing(wanted, daemon, say=lambda message: None)


def test_an_image_that_is_here_is_not_pulled():
    daemon = FakeDocker(local=[SIP.image])
    assert missing([SIP], daemon) == []
    assert daemon.pulled == []


def test_an_image_that_a_registry_has_is_pulled():
    daemon = FakeDocker(registry=[SIP.image])
    assert missing([SIP], daemon) == []
    assert daemon.pulled == [SIP.image]


def test_what_no_registry_answers_for_may_be_replaced():
    assert missing([REDIS, SIP], FakeDocker(local=[REDIS.image])) == ["livekit_sip"]


def test_an_archive_of_ones_own_needs_no_registry():
    own = images.Wanted("livekit_sip", "example/sip:1", archive="/srv/sip.tar")
    daemon = FakeDocker()
    assert missing([own], daemon) == []
    assert daemon.pulled == []


def test_nothing_takes_the_place_of_a_real_image():
    with pytest.raises(
        images.ImageUnavailable,
        match="container livekit-sip runs .* livekit_sip_image_archive.* set livekit_sip_image to its name",
    ):
        missing([SIP], FakeDocker(trace="container livekit-sip runs docker.io/livekit/sip:v1.9.0"))


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("docker.io/livekit/sip:v1.10.0", "livekit/sip"),
        ("livekit/sip", "livekit/sip"),
        ("livekit/sip@sha256:0123", "livekit/sip"),
        ("docker.io/library/redis:7.4.1", "redis"),
        ("registry.example.com:5000/livekit/sip:v1", "registry.example.com:5000/livekit/sip"),
    ],
)
def test_one_image_has_one_name(image, name):
    assert images.repository(image) == name


@pytest.mark.parametrize("message", ["manifest unknown", "pull access denied for x", "toomanyrequests: slow down"])
def test_a_registry_that_says_no_is_not_a_registry_that_is_away(message):
    assert images.is_refusal(message)


@pytest.mark.parametrize(
    "message",
    ['Get "https://registry.example.com/v2/": dial tcp: lookup registry.example.com: no such host', "i/o timeout"],
)
def test_a_registry_that_is_away(message):
    assert not images.is_refusal(message)


def test_a_fallback_names_image_and_archive_of_each_part():
    built = {part: {"image": f"telephony.livekit/{part}:1", "archive": f"/{part}.tar"} for part in images.PARTS}
    assert images.fallback_variables(["livekit_sip"], built) == {
        "livekit_sip_image": "telephony.livekit/livekit_sip:1",
        "livekit_sip_image_archive": "/livekit_sip.tar",
    }
