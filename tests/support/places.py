# SPDX-License-Identifier: GPL-3.0-or-later
"""A failure that says what to add where, for whoever added something in one place and does not know the others."""

from __future__ import annotations

from collections.abc import Iterable

import pytest


def only(found: Iterable[str], wanted: Iterable[str], place: str) -> None:
    """Both hold the same names, or the failure says of each name what to do in which place."""
    found, wanted = {*found}, {*wanted}
    lines = [f"{place}: add {name}" for name in sorted(wanted - found)]
    lines += [f"{place}: remove {name}" for name in sorted(found - wanted)]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)
