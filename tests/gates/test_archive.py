# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive for Galaxy contains nothing unexpected, and works without a checkout as README.md describes."""

import json
import os
import re
import shutil
import sysconfig
import tarfile
from pathlib import Path

import pytest
import yaml

README = Path("README.md").read_text(encoding="utf-8")
GALAXY = yaml.safe_load(Path("galaxy.yml").read_text(encoding="utf-8"))
GROUPS = {"livekit_redis", "livekit_server", "livekit_sip", "livekit_agent"}
MODULES = sorted(path.stem for path in Path("plugins/modules").glob("livekit_*.py"))
TOP_LEVEL = {
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "LICENSES",
    "MANIFEST.json",
    "README.md",
    "REUSE.toml",
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
def homes(tool, tmp_path_factory):
    """A function that creates a home with the collection's dependencies and returns a function to run Ansible in it."""

    def make(name):
        home = tmp_path_factory.mktemp(name)
        collections = home / ".ansible" / "collections" / "ansible_collections"
        collections.mkdir(parents=True)
        for namespace in ("ansible", "community"):
            (collections / namespace).symlink_to(Path(sysconfig.get_path("purelib"), "ansible_collections", namespace))
        (home / "ansible.cfg").touch()
        settings = {
            "HOME": str(home),
            "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": "~/.ansible/collections",
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
            "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
        }

        def run(*command, cwd=home, **more):
            return tool(*command, cwd=cwd, **settings, **more)

        return run

    return make


@pytest.fixture(scope="module")
def elsewhere(homes, archive):
    """A function that runs Ansible in a home with the installed archive."""
    run = homes("elsewhere")
    run("ansible-galaxy", "collection", "install", "--offline", archive)
    return run


def blocks(heading, language):
    """The code blocks in a language under a heading in README.md, up to the next heading of the same level or above."""
    level = heading.partition(" ")[0]
    section = re.search(rf"^{heading}\n(.*?)(?=^#{{2,{len(level)}}} |\Z)", README, re.MULTILINE | re.DOTALL)[1]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def commands(heading):
    return [line for block in blocks(heading, "shell") for line in block.splitlines()]


OWN_HOSTS = "### On your own hosts"
PLAYBOOK_RUNS = [line for line in commands(OWN_HOSTS) if line.startswith("ansible-playbook ")]


@pytest.fixture(params=["copied", "written"])
def own_hosts(request, elsewhere, tmp_path):
    """A function that runs commands in a folder with an inventory made in one of the two ways in README.md."""

    def run(command):
        return elsewhere("/bin/sh", "-euc", command, cwd=tmp_path)

    if request.param == "copied":
        run("\n".join(line for line in commands(OWN_HOSTS) if line not in PLAYBOOK_RUNS))
    else:
        (inventory,) = blocks(OWN_HOSTS, "yaml")
        (tmp_path / "inventories" / "mine").mkdir(parents=True)
        (tmp_path / "inventories" / "mine" / "hosts.yml").write_text(inventory)
    # On a machine with Docker, the playbook save_images writes this file.
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "images.yml").write_text("---\nlivekit_sip_image: livekit/sip:archived\n")
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
    """With assume_empty, check mode can plan without a server."""
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


@pytest.mark.parametrize("way", ["command", "requirements.yml"])
def test_it_is_installed_as_the_readme_says(homes, archive, tmp_path, way):
    """The commands are those in README.md, but run offline, because the dependencies are already installed."""
    run = homes("installation")
    shutil.copy(archive, tmp_path)
    if way == "command":
        (command,) = [line for line in commands("## Installation") if ".tar.gz" in line]
    else:
        (requirements,) = blocks("## Installation", "yaml")
        (tmp_path / "requirements.yml").write_text(requirements)
        command = "ansible-galaxy collection install -r requirements.yml"
        assert f"`{command}`" in README
    run("/bin/sh", "-euc", f"{command} --offline", cwd=tmp_path)
    assert GALAXY["version"] in run("ansible-galaxy", "collection", "list", "telephony.livekit")


def test_the_readme_names_what_it_needs():
    said = dict(re.findall(r"^\| `([\w.]+)` \| ([\d.]+) or newer \|$", README, re.MULTILINE))
    assert {name: f">={version}" for name, version in said.items()} == GALAXY["dependencies"]


def test_the_readme_runs_every_playbook():
    run = {word for line in PLAYBOOK_RUNS for word in line.split() if word.startswith("telephony.livekit.")}
    assert run == {f"telephony.livekit.{path.stem}" for path in Path("playbooks").glob("*.yml")}


@pytest.mark.parametrize("command", PLAYBOOK_RUNS)
def test_its_playbooks_run_as_the_readme_says(own_hosts, command):
    """The commands are those in README.md, but they only list hosts and tasks, because the hosts do not exist."""
    listed = own_hosts(f"{command} --list-hosts --list-tasks")
    assert re.search(r"hosts \([1-9]", listed) and ".example.com" in listed
    assert "TAGS:" in listed


def test_the_inventories_of_the_readme_have_the_groups(own_hosts):
    listed = json.loads(own_hosts("ansible-inventory -i inventories/mine --list"))
    hosts = {group: listed.get(group, {}).get("hosts", []) for group in GROUPS}
    assert all(hosts[group] for group in GROUPS - {"livekit_agent"})


def test_the_table_in_the_inventories_of_the_readme_is_valid(own_hosts):
    """Check mode on the controller makes a plan from the inventory."""
    arguments = {
        "url": "http://127.0.0.1:1",
        "api_key": "key",
        "api_secret": "secret",
        "assume_empty": True,
        "inbound_trunks": "{{ livekit_routing_inbound_trunks }}",
        "dispatch_rules": "{{ livekit_routing_dispatch_rules }}",
    }
    said = own_hosts(
        "ansible -i inventories/mine 'livekit_server[0]' -c local -e ansible_become=false --check"
        ' -e \'{"livekit_firewall_signalling_networks": ["198.51.100.0/30"]}\''
        f" -m telephony.livekit.livekit_sip_routing -a '{json.dumps(arguments)}'"
    )
    assert "CHANGED" in said and "+12025550100" in said


def test_an_inventory_without_its_groups_is_told_them(elsewhere, tmp_path):
    """The command from README.md ends before it connects to a host."""
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories" / "mine").write_text("[others]\nphone.example.com\n")
    command = next(line for line in PLAYBOOK_RUNS if line.endswith("telephony.livekit.site"))
    said = elsewhere("/bin/sh", "-uc", f"{command}; test $? -eq 2", cwd=tmp_path)
    assert all(group in said for group in GROUPS)
    assert "phone.example.com" not in said


def test_links_of_its_pages_lead_somewhere(archive):
    """Galaxy shows the pages in the archive without the rest of the checkout."""
    with tarfile.open(archive) as contents:
        names = set(contents.getnames())
        pages = {name: contents.extractfile(name).read().decode() for name in names if name.endswith(".md")}
    broken = [
        f"{page}: {link}"
        for page, text in pages.items()
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
        if os.path.normpath(os.path.join(os.path.dirname(page), link)) not in names
    ]
    assert broken == []
    assert "README.md" in pages
