# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts without a registry: playbooks/save_images.yml, a deployment from its archives, and failures without them."""

import tarfile

from tests.roles.conftest import IMAGES


def test_the_images_are_saved_and_the_variables_say_how_to_use_them(archives):
    assert archives.variables == {f"{role}_image": image for role, image in IMAGES.items()} | {
        f"{role}_image_archive": f"{archives.folder}/{role}.tar" for role in IMAGES
    }
    for role in IMAGES:
        with tarfile.open(archives.folder / f"{role}.tar") as archive:
            assert "manifest.json" in archive.getnames()
    assert f"-e @{archives.folder}/images.yml" in archives.said


def test_the_hosts_run_what_was_saved(lifecycle, deployed):
    for host in (lifecycle.bare.host, lifecycle.existing.host):
        names = " ".join(role.replace("_", "-") for role in IMAGES)
        assert host.check_output(f"docker inspect --format '{{{{.Config.Image}}}}' {names}").split() == [
            *IMAGES.values()
        ]
        assert host.run("ls /var/tmp/*.tar").stdout == ""


def test_an_image_that_cannot_be_had_names_the_ways_to_get_it(lifecycle, deployed, archives):
    image = "registry.example.com/livekit/sip:v1.99.0"
    before = lifecycle.bare.snapshot()
    code, output = lifecycle.bare.play(
        "site.yml", f"-e@{archives.folder}/images.yml", livekit_sip_image=image, livekit_sip_image_archive=""
    )
    assert code != 0
    for way in (
        f"docker pull {image}",
        "livekit_sip_image to a registry",
        "livekit_sip_image_archive",
        "telephony.livekit.save_images",
        "docker load",
    ):
        assert way in output, f"{way!r} is not in\n{output[-3000:]}"
    assert lifecycle.bare.snapshot() == before


def test_an_archive_with_another_image_says_what_it_holds(lifecycle, deployed, archives):
    wrong = {"livekit_sip_image": "registry.example.com/livekit/sip:v1.99.0"}
    code, output = lifecycle.bare.play("site.yml", f"-e@{archives.folder}/images.yml", **wrong)
    assert code != 0
    assert f"livekit_sip_image_archive ({archives.folder}/livekit_sip.tar) does not contain" in output
    assert f"It contains {IMAGES['livekit_sip']}" in output
