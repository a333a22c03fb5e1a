# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new in one place is missed in the others where it belongs, and the failure says in which file."""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS
from ansible_collections.telephony.livekit.plugins.module_utils._objects import item_options

from tests.support.options import VALUES
from tests.support.places import only

# What stands for an object and no field of it, and the two kinds of rule that are not on the ladder.
OF_NO_FIELD = {"name", "id", "clear", "other_fields", "any_trunk", "direct", "callee"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_made_changed_and_cleared_by_tests(kind):
    options = set(item_options(KINDS[kind])) - OF_NO_FIELD
    only(VALUES[kind], options, f"tests/support/options.py, VALUES[{kind!r}]")
