# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""From a module's parameters to its result: look, plan, write unless in check mode, read back, tell."""

from __future__ import annotations

import difflib
import random
import re
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values

from ._client import Client, LiveKitError, requests, sends_in_clear
from ._objects import (
    DISPATCH_RULE,
    HIDDEN,
    INBOUND_TRUNK,
    KINDS,
    InputError,
    Item,
    Kind,
    from_json,
    item_options,
    show,
)
from ._order import NEW, Change, Step
from ._plan import Plan, PlanError, Wish, plan

CONNECTION_OPTIONS = {
    "url": {"type": "str", "required": True, "fallback": (env_fallback, ["LIVEKIT_URL"])},
    "api_key": {"type": "str", "required": True, "no_log": False, "fallback": (env_fallback, ["LIVEKIT_API_KEY"])},
    "api_secret": {"type": "str", "required": True, "no_log": True, "fallback": (env_fallback, ["LIVEKIT_API_SECRET"])},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
}

# How many writes that do not depend on each other are under way at once.
_WRITERS = 4
# How often a run looks again when the table changed under its hands.
_LOOKS = 6
_PAUSE = 0.2  # seconds between looks
# How long the maker of one of two equal newborns waits for the other to go, before it goes itself; in seconds.
_RIVAL_PATIENCE = 1.0
# How long a table must stay the same until a conflict in it is taken for one that nobody is about to settle.
_AT_REST = 1.5


class Module(AnsibleModule):
    """An AnsibleModule that keeps secrets out of results by itself.

    Ansible's own censoring replaces every occurrence of every secret: a PIN 1234 turns +12025551234 into asterisks, and
    thousands of distinct passwords take it half a minute. So results are built without secrets, and only the API
    secret is left to Ansible.
    """

    def __init__(self, **kwargs):
        super().__init__(supports_check_mode=True, no_log=True, **kwargs)
        self.no_log_values = {self.params["api_secret"]}

    def exit_json(self, **kwargs):
        super().exit_json(invocation=self._invocation(), **kwargs)

    def fail_json(self, msg, **kwargs):
        super().fail_json(msg=msg + _nearest_name(msg), invocation=self._invocation(), **kwargs)

    def _invocation(self) -> dict:
        return {"module_args": without_secrets(self.params)}


def without_secrets(value, key: str = ""):
    """Parameters as they may be shown, whether or not they were valid."""
    if isinstance(value, dict) and key not in ("headers", "egress"):
        return {name: without_secrets(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [without_secrets(item, key) for item in value]
    if value and key in ("headers", "egress", "auth_password", "pin", "api_secret"):
        return HIDDEN
    return value


def _nearest_name(message: str) -> str:
    """For Ansible's message about unsupported parameters: what was probably meant."""
    found = re.search(r"([\w., ]+?)\. Supported parameters include: (.+?)\.?$", message)
    if not found:
        return ""
    wrong = re.split(r", ", found[1].rpartition(": ")[2])[-1].rpartition(".")[2].strip()
    supported = [name.strip() for name in re.sub(r"\([^)]*\)", "", found[2]).split(",")]
    near = difflib.get_close_matches(wrong, supported, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def items_of(module: Module, kind: Kind, options_list: list[dict]) -> list[Item]:
    """The wanted objects, or the end of the run if one of them is no such object."""
    allowed = item_options(kind)
    items = []
    for options in options_list:
        given = {name: value for name, value in options.items() if value is not None}
        stray = sorted(set(given) - set(allowed))
        if stray:
            fail(module, "invalid", f"{kind.title} {options.get('name')!r} has no {', '.join(stray)}")
        try:
            items.append(Item.from_options(kind, given))
        except InputError as error:
            fail(module, "invalid", str(error))
    return items


def validated(module: Module, kind: Kind, options_list: list[dict]) -> list[dict]:
    """Options that Ansible has not yet checked against the fields of their kind."""
    validator = ArgumentSpecValidator(item_options(kind))
    checked = []
    for options in options_list:
        result = validator.validate(options)
        if result.error_messages:
            message = remove_values(result.error_messages[0], result._no_log_values)
            fail(module, "invalid", f"{kind.title} {options.get('name')!r}: {message}")
        checked.append(result.validated_parameters)
    return checked


def fail(module: Module, code: str, message: str, hint: str = "", rpc: str = "", **kwargs):
    failure = {"code": code, "message": message, "rpc": rpc, "hint": hint}
    module.fail_json(msg=f"{message}. {hint[:1].upper()}{hint[1:]}" if hint else message, failure=failure, **kwargs)


def run_list_module(item_options: dict, kind_of, one: str, many: str, **more_options) -> None:
    """A module for one kind of object: one given inline, or a list of them under the option `many`."""
    module = Module(
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
        fail(module, "invalid", f"purge goes with {many} and state: present")
    options_list = params[many] if listed else [{name: params[name] for name in item_options}]
    wish = Wish(items_of(module, kind, options_list), params["state"], params["purge"], tuple(params["keep"]))
    outcome = converge(
        module,
        {kind.name: wish},
        detach=params.get("detach", False),
        update_password=params.get("update_password") != "on_create",
        assume_trunks=params.get("assume_trunks"),
    )
    if listed:
        shown = {many: (outcome.shown_all if params["return_all"] else outcome.shown_changes)(kind)}
    else:
        shown = {one: next((outcome.shown(kind, key) for key in outcome.wanted[kind.name]), None)}
    module.exit_json(**outcome.result(), **shown)


@dataclass
class Outcome:
    """What a run did, or in check mode would do."""

    changed: bool
    changes: list[Change]  # from before the run to its end
    actions: list[dict]
    wanted: dict[str, list[str]]  # kind name -> keys of the wanted objects, in the playbook's order
    stored: dict[str, dict[str, dict]]  # kind name -> key -> object, those that are there or were deleted
    names: dict[str, str]  # key -> name, of inbound trunks

    def shown(self, kind: Kind, key: str) -> dict:
        return show(kind, self.stored[kind.name][key], self.names)

    def shown_changes(self, kind: Kind) -> list[dict]:
        return [self.shown(kind, change.key) for change in self.changes if change.kind is kind]

    def shown_all(self, kind: Kind) -> list[dict]:
        gone = {change.key for change in self.changes if change.after is None}
        return [self.shown(kind, key) for key in self.stored.get(kind.name, ()) if key not in gone]

    def result(self) -> dict:
        return {"changed": self.changed, "actions": self.actions, "diff": diff(self.changes, self.names)}


def converge(
    module: Module,
    wishes: dict[str, Wish],
    detach: bool = False,
    update_password: bool = True,
    assume_empty: bool = False,
    assume_trunks: list[str] | None = None,
) -> Outcome:
    """Bring the server to what is wished, or end the run with a failure that says why not."""
    if (assume_empty or assume_trunks) and not module.check_mode:
        fail(
            module, "invalid", "assume_empty and assume_trunks are for check mode only: outside it the server is asked"
        )
    try:
        server = _Nobody() if assume_empty else Server(module, read_only=module.check_mode)
        return _Run(server, module, wishes, detach, update_password, assume_trunks or []).outcome()
    except PlanError as error:
        fail(module, error.code, error.message, error.hint)
    except LiveKitError as error:
        fail(module, error.code, error.message, error.hint, error.rpc)


class _Nobody:
    """Stands for a server that the same playbook run would only now create."""

    def table(self, kinds: list[Kind]) -> dict[str, list[dict]]:
        return {kind.name: [] for kind in kinds}


class Server:
    def __init__(self, module: Module, read_only: bool):
        if requests is None:
            module.fail_json(msg=missing_required_lib("requests"))
        params = module.params
        self.client = Client(
            params["url"],
            params["api_key"],
            params["api_secret"],
            params["ca_path"] or True if params["validate_certs"] else False,
            params["timeout"],
            read_only=read_only,
        )
        if sends_in_clear(params["url"]):
            module.warn(f"{params['url']} is plain http: tokens and trunk passwords cross the network in clear")

    def table(self, kinds: list[Kind]) -> dict[str, list[dict]]:
        return {
            kind.name: [_plain(kind, item) for item in self.client.call(kind.list_rpc, {}).get("items") or () if item]
            for kind in kinds
        }

    def write(self, step: Step, key: str, body: dict | None) -> dict:
        """What the server now stores, as it says."""
        kind = step.kind
        if step.action == "create":
            return _plain(kind, self.client.call(kind.create_rpc, {kind.wrapper: body}))
        if step.action == "replace":
            return _plain(kind, self.client.call(kind.update_rpc, {kind.id_field: key, "replace": body}))
        return self.client.call(kind.delete_rpc, {kind.id_field: key})


def _plain(kind: Kind, item: dict) -> dict:
    """livekit-server answers with snake_case keys; some proxies before it do not."""
    return from_json(kind.fields, item) if any(key != key.lower() for key in item) else item


class _TableMoved(Exception):
    """Somebody else wrote, or nobody knows whether we did: look again."""


class _Run:
    def __init__(
        self,
        server,
        module: Module,
        wishes: dict[str, Wish],
        detach: bool,
        update_password: bool,
        assume_trunks: list[str],
    ):
        self.server = server
        self.module = module
        self.wishes = wishes
        self.detach = detach
        self.update_password = update_password
        self.assume_trunks = assume_trunks
        self.actions: list[dict] = []
        self.ids: dict[str, str] = {}  # NEW keys -> the ids that the server gave
        self.written: dict[str, dict] = {}  # id -> what the server says it stores now

    def outcome(self) -> Outcome:
        first = None
        for look in range(_LOOKS):
            current, planned = self._planned()
            first = first or planned
            self.ids, self.written = {}, {}
            if self.module.check_mode:
                self.actions = [_action(step, step.key, _name(step, planned)) for step in planned.steps]
                break
            try:
                self._write_all(planned)
                self._settle_with_rivals(planned, current)
                break
            except _TableMoved as moved:
                if look == _LOOKS - 1:
                    raise moved.__cause__ or LiveKitError("aborted", str(moved)) from moved
                time.sleep(random.uniform(0, _PAUSE))
        for warning in planned.warnings:
            self.module.warn(warning)
        return self._told(first, planned)

    def _planned(self) -> tuple[dict[str, list[dict]], Plan]:
        parking = f"parked-{secrets.token_hex(6)}"
        current = self._table()
        began = moved = time.monotonic()
        while True:
            try:
                return current, plan(current, self.wishes, self.detach, self.update_password, parking)
            except PlanError as error:
                now = time.monotonic()
                settled = now - moved > _AT_REST or now - began > self.module.params["timeout"]
                if self.module.check_mode or settled or error.code not in ("ambiguous", "conflict"):
                    raise
            time.sleep(_PAUSE)
            before, current = current, self._table()
            if current != before:
                moved = time.monotonic()

    def _table(self) -> dict[str, list[dict]]:
        table = self.server.table(self._kinds())
        trunks = table.get(INBOUND_TRUNK.name, [])
        there = {trunk.get("name") for trunk in trunks}
        for name in self.assume_trunks:
            if name not in there:
                assumed = {INBOUND_TRUNK.id_field: f"{NEW}{name}", "name": name, "numbers": [f"{NEW}{name}"]}
                trunks.append(assumed)
        return table

    def _kinds(self) -> list[Kind]:
        """The kinds that must be looked at: rules name trunks, and trunks that go may be named by rules."""
        kinds = [kind for name, kind in KINDS.items() if name in self.wishes]
        trunks = self.wishes.get(INBOUND_TRUNK.name)
        if DISPATCH_RULE in kinds and INBOUND_TRUNK not in kinds:
            kinds.append(INBOUND_TRUNK)
        if trunks and (trunks.purge or trunks.state == "absent") and DISPATCH_RULE not in kinds:
            kinds.append(DISPATCH_RULE)
        return kinds

    def _write_all(self, planned: Plan) -> None:
        for steps in _independent(planned.steps):
            failed = []
            for step, answer in zip(steps, self._answers(steps)):
                if isinstance(answer, LiveKitError):
                    failed.append(answer)
                else:
                    self._keep(step, answer, _name(step, planned))
            for error in failed:
                if error.code in ("lost_answer", "not_json_5xx", "unavailable", "not_found", "invalid_argument"):
                    raise _TableMoved(error.message) from error
                raise error

    def _answers(self, steps: list[Step]) -> list:
        """What the server says to each write: the object it stores, or the error."""
        if len(steps) == 1:
            return [self._answer(steps[0])]
        with ThreadPoolExecutor(_WRITERS) as writers:
            return list(writers.map(self._answer, steps))

    def _answer(self, step: Step) -> dict | LiveKitError:
        try:
            return self.server.write(step, self.ids.get(step.key, step.key), self._with_ids(step.body))
        except LiveKitError as error:
            return {} if step.action == "delete" and error.code == "not_found" else error

    def _keep(self, step: Step, stored: dict, name: str) -> None:
        if step.action == "create":
            self.ids[step.key] = stored[step.kind.id_field]
        key = self.ids.get(step.key, step.key)
        self.actions.append(_action(step, key, name))
        if step.body is not None:
            self.written[key] = stored
            self._refuse_ignored_fields(step, self._with_ids(step.body), stored)

    def _with_ids(self, body: dict | None) -> dict | None:
        if body and body.get("trunk_ids"):
            return {**body, "trunk_ids": [self.ids.get(trunk, trunk) for trunk in body["trunk_ids"]]}
        return body

    def _refuse_ignored_fields(self, step: Step, body: dict, stored: dict) -> None:
        ignored = [
            spec
            for spec in step.kind.fields
            if not spec.same(stored.get(spec.name), body.get(spec.name))
            and not (spec.name == "auth_password" and not stored.get(spec.name))
        ]
        if ignored:
            names = ", ".join(spec.name for spec in ignored)
            needed = ", ".join(f"{spec.name} needs livekit-server {spec.since}" for spec in ignored if spec.since)
            raise LiveKitError(
                "ignored_field",
                f"the server took {step.kind.title} {body.get('name')!r} and did not store {names} as sent",
                step.kind.update_rpc,
                f"{needed} or newer: update the server, or leave the field out" if needed else "",
            )

    def _settle_with_rivals(self, planned: Plan, before: dict[str, list[dict]]) -> None:
        """Of two equal newborns of concurrent runs one goes: the one with the larger id, deleted by its own maker.

        livekit-server does not lock: two creates at the same moment are both stored, and calls then get 503.
        """
        born = [(step.kind, self.ids[step.key]) for step in planned.steps if step.action == "create"]
        if not born:
            return
        kinds = [kind for kind in KINDS.values() if any(kind is other for other, dummy in born)]
        known = {stored[KINDS[name].id_field] for name, objects in before.items() for stored in objects}
        deadline = time.monotonic() + _RIVAL_PATIENCE
        gave_way = False
        while True:
            table = self.server.table(kinds)
            rivals = {key: _rivals(kind, key, self.written[key], table, known) for kind, key in born}
            waiting = False
            for kind, key in list(born):
                if not rivals[key]:
                    continue
                if min(rivals[key]) < key or time.monotonic() > deadline:
                    withdrawal = Step("delete", kind, key, None)
                    self.server.write(withdrawal, key, None)
                    self.actions.append(_action(withdrawal, key, self.written[key].get("name", "")))
                    born.remove((kind, key))
                    gave_way = True
                else:
                    waiting = True
            if not waiting:
                break
            time.sleep(0.1)
        if gave_way:
            raise _TableMoved("another run made the same object at the same moment")

    def _told(self, first: Plan, last: Plan) -> Outcome:
        deleted = {change.key: change.before for change in first.changes if change.after is None}
        stored = {
            name: {key: self.written.get(self.ids.get(key, key), final) for key, final in table.items()}
            for name, table in last.final.items()
        }
        for change in first.changes:
            if change.key in deleted:
                stored[change.kind.name].setdefault(change.key, deleted[change.key])
        names = {}
        for table in (first.before, last.final):
            for key, trunk in table.get(INBOUND_TRUNK.name, {}).items():
                names[key] = names[self.ids.get(key, key)] = trunk.get("name", "")
        changes = first.changes if self.actions else []
        return Outcome(bool(self.actions), changes, self.actions, last.wanted, stored, names)


def _independent(steps: list[Step]) -> Iterator[list[Step]]:
    """Runs of steps that may be written in any order: new objects claim different calls, old ones are let go of."""
    for (action, _kind), run in groupby(steps, key=lambda step: (step.action, step.kind.name)):
        if action == "replace":
            yield from ([step] for step in run)
        else:
            yield list(run)


def _rivals(kind: Kind, key: str, own: dict, table: dict[str, list[dict]], known: set[str]) -> list[str]:
    return [
        stored[kind.id_field]
        for stored in table[kind.name]
        if stored[kind.id_field] not in known and stored[kind.id_field] != key and stored.get("name") == own.get("name")
    ]


def _name(step: Step, planned: Plan) -> str:
    tables = (planned.final[step.kind.name], planned.before[step.kind.name])
    return next(table[step.key].get("name", "") for table in tables if step.key in table)


def _action(step: Step, key: str, name: str) -> dict:
    action = {"action": step.action, "object": step.kind.name, "name": name, "id": "" if key.startswith(NEW) else key}
    if step.parked:
        action["parked"] = True
    return action


def diff(changes: list[Change], names: dict[str, str]) -> dict:
    """Before and after of what changes, and nothing else: table -> object -> field, secrets hidden."""
    before: dict = {}
    after: dict = {}
    for change in changes:
        label = (change.after or change.before or {}).get("name") or change.key
        sides = [
            [show(change.kind, stored, names, hide) if stored else {} for stored in (change.before, change.after)]
            for hide in (False, True)
        ]
        was, now = _difference(*sides[0], *sides[1])
        for side, stored, shown in ((before, change.before, was), (after, change.after, now)):
            if stored:
                side.setdefault(change.kind.table, {})[label] = shown
    return {"before": before, "after": after}


def _difference(was: dict, now: dict, shown_was: dict, shown_now: dict) -> tuple[dict, dict]:
    """The keys that differ, as shown. A hidden value that changes is said to change."""
    before, after = {}, {}
    for key in [*was, *(key for key in now if key not in was)]:
        old, new = was.get(key), now.get(key)
        if key == "id" or old == new or not (old or new):
            continue
        old_shown, new_shown = shown_was.get(key), shown_now.get(key)
        if all(isinstance(value, dict) for value in (old, new, old_shown, new_shown)):
            before[key], after[key] = _difference(old, new, old_shown, new_shown)
            continue
        if key in was:
            before[key] = old_shown
        if key in now:
            after[key] = f"{HIDDEN[:-1]}, changed>" if old_shown == new_shown else new_shown
    return before, after
