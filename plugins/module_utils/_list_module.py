# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Modules for one kind of object: a single object given inline, or a list."""

from __future__ import annotations

from ._invalid import invalid
from ._module import CONNECTION_OPTIONS, Module, fail, items_of
from ._plan import Desired
from ._run import converge


def run_list_module(item_options: dict, kind_of, one: str, many: str, **more_options) -> None:
    """Run a module for one kind of object: a single object given inline, or a list in the option `many`."""
    module = Module(
        tables=lambda params: {many: kind_of(params), "": kind_of(params)},
        argument_spec={
            **CONNECTION_OPTIONS,
            **item_options,
            **more_options,
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            many: {"type": "list", "elements": "dict", "options": item_options},
            "purge": {"type": "bool", "default": False},
            "keep": {"type": "list", "elements": "str", "default": []},
            "return_all": {"type": "bool", "default": False},
        },
        mutually_exclusive=[(many, name) for name in item_options],
        required_one_of=[("name", "id", many)],
    )
    params = module.params
    kind, listed = kind_of(params), params[many] is not None
    if params["purge"] and (not listed or params["state"] == "absent"):
        fail(module, "invalid", f"purge: True is invalid: {invalid('purge', many=many)}")
    options_list = params[many] if listed else [{name: params[name] for name in item_options}]
    desired = Desired(items_of(module, kind, options_list), params["state"], params["purge"], tuple(params["keep"]))
    outcome = converge(
        module,
        {kind.name: desired},
        detach=params.get("detach", False),
        update_password=params.get("update_password") != "on_create",
        assume_trunks=params.get("assume_trunks"),
    )
    if listed:
        shown = {many: (outcome.shown_all if params["return_all"] else outcome.shown_changes)(kind)}
    else:
        shown = {one: next((outcome.shown(kind, key) for key in outcome.wanted[kind.name]), None)}
    module.exit_json(**outcome.result(), **shown)
