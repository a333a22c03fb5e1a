# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads variables of all roles, even if a role is not in the play. The inventory takes precedence over the role."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ansible.module_utils.common.yaml import yaml_load

ROLES = Path(__file__).parents[2] / "roles"
# Later files take precedence. Other roles do not need a role's checks, or its files for a single distribution.
FILES = ("livekit_*/defaults/main.yml", "livekit_*/defaults/main/*.yml", "livekit_*/vars/main/main.yml")


@cache
def _of_roles(loader) -> dict:
    found = {}
    for files in FILES:
        for path in sorted(ROLES.glob(files)):
            found.update(loader.load_from_file(str(path), trusted_as_template=True) or {})
    return found


def options_of(role: str) -> dict:
    """The options of a role, from its argument specification."""
    specs = yaml_load((ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return specs["argument_specs"]["main"]["options"]


def reader(templar, loader, variables):
    """A function that returns the value of a variable by name."""
    everything = {**_of_roles(loader), **variables}
    knows_all = templar.copy_with_new_env(available_variables=everything)

    def get(name):
        return knows_all.template(everything.get(name))

    return get
