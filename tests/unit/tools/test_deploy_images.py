# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from tools.deploy import images

SIP = images.Wanted("livekit_sip", "docker.io/livekit/sip:v1.10.0", container="livekit-sip")
REDIS = images.Wanted("livekit_redis", "docker.io/library/redis:7.4.1", container="livekit-redis")


class FakeDocker:
    """A daemon with some images, and a registry that may have others."""

    def __init__(self, local=(), registry=(), runs="", other_tag=""):
        self.local, self.registry, self.pulled = set(local), set(registry), []
        self.runs, self.other_tag = (lambda part: runs), (lambda part: other_tag)

    def has(self, image):
        return image in self.local

    def pull(self, image):
        self.pulled.append(image)
        return image in self.registry


def missing(wanted, daemon):
    replaceable, kept = images.missing(wanted, daemon, say=lambda message: None)
    return kept or replaceable


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


def test_a_line_that_runs_a_real_image_of_another_name_keeps_it():
    mirrored = "registry.example.com/livekit/sip:v1.9.0"
    assert missing([SIP], FakeDocker(runs=mirrored)) == {"livekit_sip": mirrored}
    assert images.plain_variables({"livekit_sip": mirrored}) == {
        "livekit_sip_image": mirrored,
        "livekit_sip_image_archive": "",
    }


def test_nothing_takes_the_place_of_a_real_image_and_the_way_out_is_named():
    with pytest.raises(
        images.ImageUnavailable, match="make deploy SIP_IMAGE=livekit/sip:v1.9.0.* livekit_sip_image_archive"
    ):
        missing([SIP], FakeDocker(other_tag="livekit/sip:v1.9.0"))


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


def test_an_image_that_was_chosen_and_cannot_be_had_is_told():
    chosen = images.Wanted("livekit_sip", "registry.example.com/sip:1", chosen=True)
    with pytest.raises(images.ImageUnavailable, match="SIP_IMAGE=registry.example.com/sip:1 .*SIP_IMAGE=default takes"):
        missing([chosen], FakeDocker(runs="livekit/sip:v1.9.0"))
    assert missing([chosen], FakeDocker(local=[chosen.image])) == []
