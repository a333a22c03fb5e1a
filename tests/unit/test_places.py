# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new in one place is missed in the others where it belongs, and the failure says in which file."""

from __future__ import annotations

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import KINDS
from ansible_collections.telephony.livekit.plugins.module_utils._objects import item_options

from tests.support.options import VALUES

# What stands for an object and no field of it, and the two kinds of rule that are not on the ladder.
OF_NO_FIELD = {"name", "id", "clear", "other_fields", "any_trunk", "direct", "callee"}


def only(found, wanted, place):
    """Both hold the same names, or the failure says of each name what to do in which place."""
    missing = [f"{place}: add {name}" for name in sorted({*wanted} - {*found})]
    strange = [f"{place}: remove {name}" for name in sorted({*found} - {*wanted})]
    if missing + strange:
        pytest.fail("\n".join(missing + strange), pytrace=False)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_made_changed_and_cleared_by_tests(kind):
    options = set(item_options(KINDS[kind])) - OF_NO_FIELD
    only(VALUES[kind], options, f"tests/support/options.py, VALUES[{kind!r}]")
