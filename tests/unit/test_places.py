# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is added in one file is required in the related files, and the failure names the file that lacks it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS
from ansible_collections.telephony.livekit.plugins.module_utils._objects import item_options
from ansible_collections.telephony.livekit.plugins.plugin_utils._role_variables import ROLES, options_of

from tests.roles.variables import ABOUT_THE_CONTAINER, cases
from tests.support.options import VALUES
from tests.support.places import only

# Options that are not fields of an object, and the two kinds of rule that VALUES does not contain.
OF_NO_FIELD = {"name", "id", "clear", "other_fields", "any_trunk", "direct", "callee"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_made_changed_and_cleared_by_tests(kind):
    options = set(item_options(KINDS[kind])) - OF_NO_FIELD
    only(VALUES[kind], options, f"tests/support/options.py, VALUES[{kind!r}]")


@pytest.mark.parametrize("role", ["livekit_server", "livekit_sip"])
def test_every_variable_of_a_configuration_is_set_by_tests(role):
    wanted, given = set(), set()
    for name, option in options_of(role).items():
        if name.removeprefix(f"{role}_") not in ABOUT_THE_CONTAINER:
            wanted |= {name, *(f"{name}.{key}" for key in option.get("options", {}) if option["type"] == "dict")}
    for case in cases(Path()).values():
        for name, value in case.items():
            given |= {name, *(f"{name}.{key}" for key in (value if isinstance(value, dict) else ()))} & wanted
    only(given, wanted, "tests/roles/variables.py, cases")


CONTAINERS = sorted(
    path.parents[1].name
    for path in ROLES.glob("livekit_*/tasks/main.yml")
    if "telephony.livekit.internal_container" in path.read_text()
)


@pytest.mark.parametrize(
    ("playbook", "what", "pattern"),
    [
        ("site", "the groups site_hosts", r"&hosts ([\w:]+)"),
        ("site", "the play with every check", r"name: telephony\.livekit\.(\w+)\n +tasks_from: check"),
        ("site", "the plays of the roles", r"name: telephony\.livekit\.(\w+)\n +rolespec_validate"),
        ("teardown", "the hosts", r"&hosts ([\w:]+)"),
        ("teardown", "the plays of the roles", r"role: telephony\.livekit\.(\w+)"),
        ("save_images", "the hosts", r"&hosts ([\w:]+)"),
    ],
    ids=lambda value: value if re.fullmatch(r"[\w ]+", value) else "",
)
def test_every_role_with_a_container_is_in_the_playbooks(playbook, what, pattern):
    text = (ROLES.parent / "playbooks" / f"{playbook}.yml").read_text()
    found = {role for names in re.findall(pattern, text) for role in names.split(":")}
    only(found & {*CONTAINERS}, CONTAINERS, f"playbooks/{playbook}.yml, {what}")


def test_every_role_is_in_the_readme():
    table = (ROLES.parent / "README.md").read_text().partition("| Role |")[2].partition("\n\n")[0]
    roles = [path.name for path in ROLES.glob("livekit_*")]
    only(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE), roles, "README.md, table of roles")
