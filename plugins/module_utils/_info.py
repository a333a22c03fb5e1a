# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The module livekit_sip_info: the objects that a server stores, and findings about them."""

from __future__ import annotations

from ._client import LiveKitError
from ._explained import findings_about
from ._export import choose, unique_trunk_names, variables
from ._findings import by_id
from ._kinds import KINDS
from ._module import CONNECTION_OPTIONS, Module, fail
from ._objects import show
from ._server import Server


def run_info_module() -> None:
    names = {"type": "list", "elements": "str"}
    module = Module(
        tables=lambda params: {}, argument_spec={**CONNECTION_OPTIONS, "names": names, "ids": names, "numbers": names}
    )
    try:
        table = Server(module, read_only=True).table(list(KINDS.values()))
    except LiveKitError as error:
        fail(module, error.code, error.message, error.hint, error.rpc)
    chosen = choose(table, module.params["names"], module.params["ids"], module.params["numbers"])
    trunk_names = unique_trunk_names(table)
    keys = {(name, key) for name, objects in by_id(chosen).items() for key in objects}
    module.exit_json(
        changed=False,
        export=variables(chosen, trunk_names),
        findings=findings_about(by_id(table), keys),
        **{kind.table: [show(kind, stored, trunk_names) for stored in chosen[kind.name]] for kind in KINDS.values()},
    )
