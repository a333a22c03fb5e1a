# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new in one place is missed in the others where it belongs, and the failure says in which file."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS
from ansible_collections.telephony.livekit.plugins.module_utils._objects import item_options
from ansible_collections.telephony.livekit.plugins.plugin_utils._role_variables import options_of

from tests.roles.variables import ABOUT_THE_CONTAINER, cases
from tests.support.options import VALUES
from tests.support.places import only

# What stands for an object and no field of it, and the two kinds of rule that are not on the ladder.
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
