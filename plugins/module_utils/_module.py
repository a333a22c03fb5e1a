# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Code that all modules share: connection options, items, failures and the hiding of secrets."""

from __future__ import annotations

import difflib
import re
import typing as t

from ansible.module_utils.basic import AnsibleModule, env_fallback
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values

from ._connection import timeout_problem
from ._invalid import invalid
from ._kinds import Kind
from ._objects import Item, doubts, item_options, read_options
from ._plan import Desired
from ._written import HIDDEN, InputError

_CENSORED_LENGTH = 8
_TYPES = {"str": str, "bool": bool, "int": int, "dict": dict}

CONNECTION_OPTIONS = {
    "url": {"type": "str", "required": True, "fallback": (env_fallback, ["LIVEKIT_URL"])},
    "api_key": {"type": "str", "required": True, "no_log": False, "fallback": (env_fallback, ["LIVEKIT_API_KEY"])},
    "api_secret": {"type": "str", "required": True, "no_log": True, "fallback": (env_fallback, ["LIVEKIT_API_SECRET"])},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
}


class Module(AnsibleModule):
    """An AnsibleModule that removes secrets from results itself.

    Ansible's own censoring replaces every occurrence of every secret: the PIN 5501 turns +12025550123 into asterisks,
    and thousands of distinct passwords take half a minute. So results are built without secrets, and Ansible censors
    only the API secret.
    """

    def __init__(self, tables: t.Callable[[dict], dict[str, Kind]], **kwargs):
        """tables: a function from raw parameters to option -> kind of the option's objects; "" is the inline object."""
        self.tables = tables
        self.input_errors: list[InputError] = []
        self.doubts: list[str] = []
        self.item_specs: dict[str, dict] = {}
        super().__init__(supports_check_mode=True, no_log=True, **kwargs)
        # A short secret, such as that of a test server, occurs inside many words.
        self.no_log_values = {secret for secret in [self.params["api_secret"]] if len(secret) >= _CENSORED_LENGTH}
        for doubt in self.doubts:
            self.warn(doubt)
        if self.input_errors:
            fail(self, "invalid", " ".join(map(str, self.input_errors)))
        problem = timeout_problem(self.params["timeout"])
        if problem:
            fail(self, "invalid", problem)

    def _load_params(self):
        super()._load_params()
        for option, kind in self.tables(self.params).items():
            if option == "":
                self.params.update(self._read(kind, self.params))
            elif isinstance(self.params.get(option), list):
                self.item_specs[option] = {"type": "list", "elements": "dict", "options": item_options(kind)}
                self.params[option] = [
                    self._read(kind, item) if isinstance(item, dict) else item for item in self.params[option]
                ]

    def _read(self, kind: Kind, options: dict) -> dict:
        read, errors = read_options(kind, options)
        self.doubts += doubts(kind, options)
        self.input_errors += errors
        return read

    def exit_json(self, **kwargs):
        super().exit_json(invocation=self._invocation(), **kwargs)

    def fail_json(self, msg, **kwargs):
        super().fail_json(msg=msg + _nearest_name(msg), invocation=self._invocation(), **kwargs)

    def _invocation(self) -> dict:
        shown = without_secrets(self.params, {**self.argument_spec, **self.item_specs})
        if "@" in str(shown.get("url") or ""):
            shown["url"] = HIDDEN  # it may contain a password
        return {"module_args": shown}


def without_secrets(params: dict, spec: dict) -> dict:
    """Parameters without secrets and without values of unknown keys, whether or not they are valid."""
    return {name: _shown(value, spec.get(name)) for name, value in params.items()}


def _shown(value, argument: dict | None):
    if value and (argument is None or argument.get("no_log")):
        return HIDDEN
    options = (argument or {}).get("options")
    if isinstance(value, list):
        return [_shown(item, argument) if isinstance(item, (dict, list)) else item for item in value]
    if isinstance(value, dict) and options is not None:
        return without_secrets(value, options)
    # A string where a dictionary with secrets is expected may itself be a secret.
    return HIDDEN if value and options is not None else value


def _nearest_name(message: str) -> str:
    """The nearest supported parameter, to add to Ansible's message about unsupported parameters."""
    found = re.search(r"([\w., ]+?)\. Supported parameters include: (.+?)\.?$", message)
    if not found:
        return ""
    wrong = re.split(r", ", found[1].rpartition(": ")[2])[-1].rpartition(".")[2].strip()
    supported = [name.strip() for name in re.sub(r"\([^)]*\)", "", found[2]).split(",")]
    near = difflib.get_close_matches(wrong, supported, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def items_of(module: Module, kind: Kind, options_list: list[dict]) -> list[Item]:
    """The desired objects; the run fails if one of them is invalid."""
    allowed = item_options(kind)
    items = []
    for options in options_list:
        given = {name: value for name, value in options.items() if value is not None}
        stray = sorted(set(given) - set(allowed))
        if stray:
            reason = invalid("no_option", kind=kind.title)
            fail(module, "invalid", f"{kind.title} {options.get('name')!r}: {', '.join(stray)} is invalid: {reason}")
        try:
            items.append(Item.from_options(kind, given))
        except InputError as error:
            fail(module, "invalid", str(error))
    return items


def validated(module: Module, kind: Kind, options_list: list[dict]) -> list[dict]:
    """The options, validated by Ansible against the fields of their kind."""
    spec = item_options(kind)
    validator = ArgumentSpecValidator(spec)
    checked = []
    for options in options_list:
        if _plain(options, spec):
            checked.append(options)
            continue
        result = validator.validate(options)
        if result.error_messages:
            message = remove_values(result.error_messages[0], result._no_log_values)
            message = re.sub(r"^(?=[\w., ]+\. Supported parameters)", "unsupported option: ", message)
            fail(module, "invalid", f"{kind.title} {options.get('name')!r}: {message}")
        checked.append(result.validated_parameters)
    return checked


def _plain(options: dict, spec: dict) -> bool:
    """Whether Ansible would convert no option. If so, the run skips its check, which takes longer than planning."""
    for name, value in options.items():
        argument = spec.get(name)
        if argument is None or "options" in argument or "choices" in argument:
            return False
        if value is None:
            continue
        if argument.get("elements") == "str":
            if value.__class__ is not list or any(item.__class__ is not str for item in value):
                return False
        elif argument["type"] != "raw" and value.__class__ is not _TYPES.get(argument["type"]):
            return False
    return True


def desired_tables(module: Module, kinds: t.Iterable[Kind]) -> dict[str, Desired]:
    """Kind name -> desired objects, for the kinds whose list is given."""
    params = module.params
    keep = params["keep"] or {}
    return {
        kind.name: Desired(
            items=items_of(module, kind, validated(module, kind, params[kind.table])),
            purge=params["purge"],
            keep=tuple(keep.get(kind.table, ())),
        )
        for kind in kinds
        if params[kind.table] is not None
    }


def fail(module: Module, code: str, message: str, hint: str = "", rpc: str = "", **kwargs):
    failure = {"code": code, "message": message, "rpc": rpc, "hint": hint}
    module.fail_json(msg=f"{message}. {hint}" if hint else message, failure=failure, **kwargs)
