# SPDX-License-Identifier: GPL-3.0-or-later
"""The query for the version of an image on the host, with a script in place of Docker."""

import json
import subprocess

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils import _image_version

IMAGE, USER = "registry.example.com/livekit-server:latest", "10001:10001"
DOCKER = """#!/bin/sh
echo "$@" >>{log}
case $1 in
    image) [ -z "{there}" ] || echo '[{{"Id": "sha256:{id}"}}]'; [ -n "{there}" ] ;;
    run) {run} ;;
esac
"""


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def host(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Host(tmp_path)


class Host:
    def __init__(self, folder):
        self.folder = folder
        self.file, self.log = folder / "kept" / "versions.json", folder / "log"

    def has(self, run, image_id="1", there="yes"):
        """Creates an image, and the command that its containers run."""
        program = self.folder / "docker"
        program.write_text(DOCKER.format(log=self.log, run=run, id=image_id, there=there))
        program.chmod(0o755)
        return self

    def version(self, **more):
        return _image_version.version(run, IMAGE, USER, str(self.file), **more)

    def commands(self):
        return self.log.read_text().splitlines()

    def started(self):
        return [line for line in self.commands() if line.startswith("run ")]

    def kept(self):
        return json.loads(self.file.read_text()) if self.file.exists() else None


@pytest.mark.parametrize(
    ("says", "version"),
    {
        "livekit-server version 1.13.5": "1.13.5",
        "SIP version 1.17.0": "1.17.0",
        "SIP version v1.17.0": "1.17.0",
        "SIP version 1.10.0 (a stand-in)": "1.10.0",
        "a warning\nlivekit-server version 1.13.11-rc1": "1.13.11",
        "SIP version 0.0.0-dev": "",
        "tini version 0.19.0": "",
        "flag provided but not defined: -version": "",
        "": "",
    }.items(),
)
def test_what_the_program_says(host, says, version):
    assert host.has(f"printf '{says}'").version() == version
    assert host.kept() == {"sha256:1": version}


def test_it_is_asked_once_an_image(host):
    assert [host.has("echo SIP version 1.10.0").version() for _unused in range(3)] == ["1.10.0"] * 3
    assert len(host.started()) == 1
    assert host.has("echo SIP version 1.11.0", image_id="2").version() == "1.11.0"
    assert host.kept() == {"sha256:1": "1.10.0", "sha256:2": "1.11.0"}
    assert len(host.started()) == 2


def test_it_is_shut_in_and_without_rights(host):
    host.has("echo SIP version 1.10.0").version()
    (command,) = host.started()
    assert command.endswith(" sha256:1 --version")
    assert {"--rm", "--network=none", "--read-only", "--cap-drop=ALL", f"--user={USER}"} <= {*command.split()}


def test_a_check_keeps_nothing(host):
    assert host.has("echo SIP version 1.10.0").version(check=True) == "1.10.0"
    assert host.kept() is None


def test_an_image_that_is_not_there_is_not_asked(host):
    assert host.has("echo SIP version 1.10.0", there="").version() == ""
    assert host.started() == [] and host.kept() is None


def test_what_docker_could_not_run_is_asked_again(host):
    assert host.has("echo 'livekit-server version 9.9.9'; exit 125").version() == ""
    assert host.kept() is None


def test_a_program_that_does_not_end_is_ended(host, monkeypatch):
    monkeypatch.setattr(_image_version, "SECONDS", 0.5)
    assert host.has("exec sleep 30").version() == ""
    assert host.commands()[-1].startswith("rm --force livekit-version-")
    assert host.kept() is None


def test_without_a_docker_command_there_is_no_answer(host, monkeypatch):
    (host.folder / "timeout").symlink_to("/usr/bin/timeout")
    monkeypatch.setenv("PATH", str(host.folder))
    assert host.version() == ""


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3"])
def test_a_kept_file_that_cannot_be_read_is_made_anew(host, text):
    host.file.parent.mkdir()
    host.file.write_text(text)
    assert host.has("echo SIP version 1.10.0").version() == "1.10.0"
    assert host.kept() == {"sha256:1": "1.10.0"}
