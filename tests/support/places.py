# SPDX-License-Identifier: GPL-3.0-or-later
"""A failure that tells contributors who changed one place what to add to, or remove from, the other places."""

from __future__ import annotations

from collections.abc import Iterable

import pytest


def only(found: Iterable[str], wanted: Iterable[str], place: str) -> None:
    """Fail unless both contain the same names; the failure lists the names to add to or remove from `place`."""
    found, wanted = {*found}, {*wanted}
    lines = [f"{place}: add {name}" for name in sorted(wanted - found)]
    lines += [f"{place}: remove {name}" for name in sorted(found - wanted)]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)
