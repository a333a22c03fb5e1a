# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Calls as modules take them, and the module that explains one."""

from __future__ import annotations

from ._addresses import address
from ._calls import Call, Table
from ._client import LiveKitError
from ._expect import Expected
from ._explained import explain, version
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, KINDS
from ._module import CONNECTION_OPTIONS, Module, desired_tables, fail
from ._plan import PlanError, plan
from ._server import EmptyServer, Server
from ._written import InputError

CALL_OPTIONS = {
    "to": {"type": "raw", "required": True},
    "from": {"type": "raw"},
    "source": {"type": "str"},
    "from_host": {"type": "str"},
    "pin": {"type": "str", "no_log": True},
}
EXPECT_OPTIONS = {
    **CALL_OPTIONS,
    **{name: {"type": "str"} for name in ("trunk", "rule", "room", "agent")},
    "refused": {"type": "bool", "default": False},
}
_TABLES = (INBOUND_TRUNK, DISPATCH_RULE)


def call_of(options: dict) -> Call:
    """Raises InputError if the options describe no call."""
    numbers = {name: options.get(name) or "" for name in ("to", "from")}
    for name, number in numbers.items():
        if not isinstance(number, str):
            # YAML reads +12025550100 as a number, and rules compare character by character.
            reason = f'YAML drops a plus sign without quotes. Write "+{number}" or "{number}".'
            raise InputError(reason, number).below(name)
    if not numbers["to"]:
        raise InputError("each call has a called number. Write it.", "").below("to")
    source = options.get("source") or ""
    if source and address(source) is None:
        raise InputError("it is not an IP address. Write one, such as 198.51.100.7.", source).below("source")
    return Call(numbers["to"], numbers["from"], source, options.get("from_host") or "", options.get("pin") or "")


def expected_calls(module: Module) -> list[Expected]:
    """The calls of the option `expect`, or the end of the run if one of them is invalid."""
    expected, wrong = [], []
    for index, options in enumerate(module.params["expect"]):
        gets = {name: options[name] or "" for name in ("trunk", "rule", "room", "agent")}
        try:
            if options["refused"] and any(gets.values()):
                raise InputError("a refused call gets nothing. Leave trunk, rule, room and agent out.", True).below(
                    "refused"
                )
            expected.append(Expected(call_of(options), **gets, refused=options["refused"]))
        except InputError as error:
            wrong.append(str(error.below(f"expect[{index}]")))
    if wrong:
        fail(module, "invalid", "; ".join(wrong))
    return expected


def run_call_info_module() -> None:
    names = {"type": "list", "elements": "str", "default": []}
    module = Module(
        tables=lambda params: {kind.table: kind for kind in _TABLES},
        argument_spec={
            **CONNECTION_OPTIONS,
            **CALL_OPTIONS,
            "server_version": {"type": "str"},
            **{kind.table: {"type": "list", "elements": "dict"} for kind in _TABLES},
            "purge": {"type": "bool", "default": False},
            "keep": {"type": "dict", "options": {kind.table: names for kind in _TABLES}},
            "assume_empty": {"type": "bool", "default": False},
        },
    )
    params = module.params
    try:
        call, since = call_of(params), version(params["server_version"])
    except InputError as error:
        fail(module, "invalid", str(error))
    desired = desired_tables(module, _TABLES)
    try:
        server = EmptyServer() if params["assume_empty"] else Server(module, read_only=True)
        objects = plan(server.table(list(KINDS.values())), desired).final
    except (PlanError, LiveKitError) as error:
        fail(module, error.code, error.message, error.hint, getattr(error, "rpc", ""))
    module.exit_json(changed=False, **explain(Table.of(objects), objects, call, since).as_dict())
