# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The options that describe calls, and the module that explains an inbound or outbound call."""

from __future__ import annotations

from ._addresses import address
from ._calls import Call, Table
from ._client import LiveKitError
from ._expect import Expected
from ._explained import explain, version
from ._kinds import INCLUDE_HEADERS, KINDS, MEDIA
from ._module import CONNECTION_OPTIONS, Module, desired_tables, fail
from ._outbound import explain_outbound
from ._outbound_request import ENCRYPTION, TRANSPORT, Request
from ._plan import PlanError, plan
from ._server import EmptyServer, Server
from ._written import InputError, json_text, milliseconds

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
_SIP_URI = {
    "user": {"type": "str"},
    "host": {"type": "str"},
    "ip": {"type": "str"},
    "port": {"type": "int"},
    "transport": dict(TRANSPORT.argument),
}
_REQUEST_DESTINATION = {
    "type": "dict",
    # A URI may contain a password.
    "options": {"raw": {"type": "str", "no_log": True}, "values": {"type": "dict", "options": _SIP_URI}},
    "mutually_exclusive": [("raw", "values")],
}
_NAMED_DESTINATION = {
    **_REQUEST_DESTINATION,
    "options": {"display_name": {"type": "str"}, **_REQUEST_DESTINATION["options"]},
}
_INLINE_TRUNK = {
    "hostname": {"type": "str"},
    "destination_country": {"type": "str"},
    "transport": dict(TRANSPORT.argument),
    "auth_username": {"type": "str"},
    "auth_password": {"type": "str", "no_log": True},
    "headers_to_attributes": {"type": "dict"},
    "attributes_to_headers": {"type": "dict"},
    "from_host": {"type": "str"},
}
_OUTBOUND_OPTIONS = {
    "trunk": {"type": "str"},
    "inline_trunk": {"type": "dict", "options": _INLINE_TRUNK},
    "request_uri": _REQUEST_DESTINATION,
    "to_header": _NAMED_DESTINATION,
    "from_header": _NAMED_DESTINATION,
    "to": {"type": "raw", "required": True},
    "to_user_override": {"type": "str"},
    "from_number": {"type": "raw"},
    "display_name": {"type": "str"},
    "headers": {"type": "dict", "no_log": True},
    "include_headers": dict(INCLUDE_HEADERS.argument),
    "hide_phone_number": {"type": "bool", "default": False},
    "media_encryption": dict(ENCRYPTION.argument),
    "media": dict(MEDIA.argument),
    "destination": {"type": "dict", "options": {name: {"type": "str"} for name in ("city", "country", "region")}},
    "ringing_timeout": {"type": "str"},
    "max_call_duration": {"type": "str"},
    "dtmf": {"type": "str"},
    "wait_until_answered": {"type": "bool", "default": False},
    "room_name": {"type": "str"},
    "participant_identity": {"type": "str"},
}


def call_of(options: dict) -> Call:
    """The call that the options describe. Raises InputError if they are invalid."""
    numbers = _numbers(options, "to", "from")
    if not numbers["to"]:
        raise InputError("a called number is required. Write it.", "").below("to")
    source = options.get("source") or ""
    if source and address(source) is None:
        raise InputError("it is not an IP address. Write one, such as 198.51.100.7.", source).below("source")
    return Call(numbers["to"], numbers["from"], source, options.get("from_host") or "", options.get("pin") or "")


def outbound_of(options: dict) -> Request:
    """The request that the options describe. Raises InputError if they are invalid."""
    given = {name: value for name, value in options.items() if value is not None}
    for name in ("inline_trunk", "request_uri", "to_header", "from_header", "media", "destination"):
        if name in given:
            given[name] = _given(given[name])
    if given.get("trunk") == "":
        raise InputError("it is empty. Name the outbound trunk.", "").below("trunk")
    try:
        given["media"] = MEDIA.to_api(MEDIA.read(given.get("media") or {}))
    except InputError as error:
        raise error.below("media") from None
    given |= _numbers(options, "to", "from_number")
    given["headers"] = {str(name): json_text(value) for name, value in given.get("headers", {}).items()}
    for name in ("ringing_timeout", "max_call_duration"):
        try:
            given[name] = milliseconds(given.get(name, ""))
        except InputError as error:
            raise error.below(name) from None
    return Request(**given)


def _given(options: dict) -> dict:
    """The options that are set. Ansible passes omitted ones as null."""
    return {
        name: _given(value) if isinstance(value, dict) else value
        for name, value in options.items()
        if value is not None
    }


def _numbers(options: dict, *names: str) -> dict[str, str]:
    numbers = {name: options.get(name) or "" for name in names}
    for name, number in numbers.items():
        if not isinstance(number, str):
            # YAML reads +12025550100 as a number, and rules compare character by character.
            reason = f'YAML drops a plus sign without quotes. Write "+{number}" or "{number}".'
            raise InputError(reason, number).below(name)
    return numbers


def expected_calls(module: Module) -> list[Expected]:
    """The calls in the option `expect`. The run fails if one of them is invalid."""
    expected, wrong = [], []
    for index, options in enumerate(module.params["expect"]):
        gets = {name: options[name] or "" for name in ("trunk", "rule", "room", "agent")}
        try:
            if options["refused"] and any(gets.values()):
                raise InputError("it and trunk, rule, room and agent are mutually exclusive. Omit them.", True).below(
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
        tables=lambda params: {kind.table: kind for kind in KINDS.values()},
        argument_spec={
            **CONNECTION_OPTIONS,
            **CALL_OPTIONS,
            "to": {"type": "raw"},
            "outbound": {"type": "dict", "options": _OUTBOUND_OPTIONS},
            "server_version": {"type": "str"},
            **{kind.table: {"type": "list", "elements": "dict"} for kind in KINDS.values()},
            "purge": {"type": "bool", "default": False},
            "keep": {"type": "dict", "options": {kind.table: names for kind in KINDS.values()}},
            "assume_empty": {"type": "bool", "default": False},
        },
        required_one_of=[("to", "outbound")],
        mutually_exclusive=[("outbound", name) for name in CALL_OPTIONS],
    )
    params = module.params
    outbound = params["outbound"] is not None
    try:
        asked = outbound_of(params["outbound"]) if outbound else call_of(params)
        since = version(params["server_version"])
    except InputError as error:
        fail(module, "invalid", str(error.below("outbound") if outbound else error))
    desired = desired_tables(module, KINDS.values())
    try:
        server = EmptyServer() if params["assume_empty"] else Server(module, read_only=True)
        objects = plan(server.table(list(KINDS.values())), desired).final
    except (PlanError, LiveKitError) as error:
        fail(module, error.code, error.message, error.hint, getattr(error, "rpc", ""))
    explained = (
        explain_outbound(objects, asked, since) if outbound else explain(Table.of(objects), objects, asked, since)
    )
    module.exit_json(changed=False, **explained.as_dict())
