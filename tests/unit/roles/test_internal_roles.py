# SPDX-License-Identifier: GPL-3.0-or-later
"""An internal role names the roles that use it, and CONTRIBUTING.md names only existing files."""

import re
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
ROLES = REPOSITORY / "roles"


@pytest.mark.parametrize("role", sorted(path.name for path in ROLES.glob("internal_*")))
def test_the_roles_that_use_it_are_named(role):
    specs = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    said = specs["argument_specs"]["main"]["description"][0].partition(".")[0]
    users = {
        path.relative_to(ROLES).parts[0]
        for path in ROLES.glob("*/tasks/*.yml")
        if re.search(rf"name: telephony\.livekit\.{role}$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert set(re.findall(r"(?:livekit|internal)_\w+", said)) == users - {role}, "`make readmes` writes them"


def test_contributing_names_files_that_exist():
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:plugins|roles|tools|tests)/[\w/.]+)`", text)
    assert named
    assert [path for path in named if not (REPOSITORY / path).exists()] == []


def test_contributing_knows_where_the_order_is():
    line = next(
        line for line in (REPOSITORY / "CONTRIBUTING.md").read_text().splitlines() if "the order in which" in line
    )
    named = REPOSITORY / re.search("`(.+?)`", line)[1]
    assert "_RANKS = " in named.read_text(encoding="utf-8")
