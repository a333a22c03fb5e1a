# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of all roles: as the inventory has them, else as the defaults of their role say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

ROLES = Path(__file__).parents[2] / "roles"


@cache
def _defaults(loader) -> dict:
    found = {}
    for path in sorted(ROLES.glob("livekit_*/defaults/*.yml")):
        found.update(loader.load_from_file(str(path), trusted_as_template=True) or {})
    return found


def reader(templar, loader, variables):
    """A function that reads a variable by its name."""

    def get(name):
        return templar.template(variables[name] if name in variables else _defaults(loader).get(name))

    return get
