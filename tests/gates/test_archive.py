# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive that Galaxy would get: nothing foreign in it, and it works where there is no checkout."""

import json
import sysconfig
import tarfile
from pathlib import Path

import pytest

MODULES = sorted(path.stem for path in Path("plugins/modules").glob("livekit_*.py"))
TOP_LEVEL = {
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "changelogs",
    "docs",
    "inventories",
    "meta",
    "playbooks",
    "plugins",
    "requirements.yml",
    "roles",
}


@pytest.fixture(scope="module")
def archive(tool, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    tool("ansible-galaxy", "collection", "build", "--output-path", folder)
    (built,) = folder.glob("telephony-livekit-*.tar.gz")
    return built


@pytest.fixture(scope="module")
def elsewhere(tool, archive, tmp_path_factory):
    """A folder with the installed archive and its dependencies, and a way to run Ansible that sees nothing else."""
    folder = tmp_path_factory.mktemp("elsewhere")
    collections = folder / "ansible_collections"
    collections.mkdir()
    for namespace in ("ansible", "community"):
        (collections / namespace).symlink_to(Path(sysconfig.get_path("purelib"), "ansible_collections", namespace))
    (folder / "ansible.cfg").touch()
    settings = {
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(folder),
        "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
        "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
    }

    def run(*command):
        return tool(*command, cwd=folder, **settings)

    # Without Galaxy: what it would fetch is linked already.
    run("ansible-galaxy", "collection", "install", "--no-deps", "--collections-path", folder, archive)
    return run


def test_nothing_foreign_is_in_it(archive):
    with tarfile.open(archive) as contents:
        found = {name.partition("/")[0] for name in contents.getnames()}
    assert found <= TOP_LEVEL


def test_it_is_installed_and_not_linked(elsewhere):
    listed = elsewhere("ansible-galaxy", "collection", "list", "telephony.livekit")
    assert "telephony.livekit" in listed


def test_its_playbook_is_found_by_name(elsewhere):
    elsewhere("ansible-playbook", "-i", "localhost,", "telephony.livekit.site", "--syntax-check")


@pytest.mark.parametrize("module", MODULES)
def test_its_modules_are_documented(elsewhere, module):
    assert f"telephony.livekit.{module}" in elsewhere("ansible-doc", "-t", "module", f"telephony.livekit.{module}")


def test_its_modules_run(elsewhere):
    """In check mode against an empty table: no server is needed, and the plan is made."""
    arguments = {
        "url": "http://127.0.0.1:1",
        "api_key": "key",
        "api_secret": "secret",
        "assume_empty": True,
        "inbound_trunks": [{"name": "line", "numbers": ["+12025550100"]}],
    }
    module = "telephony.livekit.livekit_sip_routing"
    said = elsewhere("ansible", "localhost", "--check", "-m", module, "-a", json.dumps(arguments))
    assert "CHANGED" in said


def test_there_are_modules():
    assert MODULES
