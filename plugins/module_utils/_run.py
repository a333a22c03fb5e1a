# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""From a module's parameters to its result: look, plan, write unless in check mode, read back, tell."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

from ansible.module_utils.basic import missing_required_lib

from ._client import Client, LiveKitError, requests, sends_in_clear
from ._diff import diff
from ._module import CONNECTION_OPTIONS, Module, fail, items_of
from ._objects import DISPATCH_RULE, INBOUND_TRUNK, KINDS, Kind, from_json, show
from ._order import NEW, Change, Step
from ._plan import Plan, PlanError, Wish, plan

# How many writes that do not depend on each other are under way at once.
_WRITERS = 4
# Errors after which nobody knows whether a write was done.
_LOST = ("lost_answer", "not_json_5xx", "unavailable")
_ABORTED_HINT = "run the task for one host only (run_once: true), or again later"
# How often a run looks again when the table changed under its hands.
_LOOKS = 6
_PAUSE = 0.2  # seconds between looks
# How long the maker of one of two equal newborns waits for the other to go, before it goes itself; in seconds.
_RIVAL_PATIENCE = 1.0
# How long a table must stay the same until a conflict in it is taken for one that nobody is about to settle.
_AT_REST = 1.5


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
    """What a run did, or in check mode would do. Keys are ids, or NEW and a name for what check mode did not make."""

    changes: list[Change]  # from before the run to its end
    actions: list[dict]
    wanted: dict[str, list[str]]  # kind name -> keys of the wanted objects, in the playbook's order
    stored: dict[str, dict[str, dict]]  # kind name -> key -> object; those that are there, and those that were deleted
    names: dict[str, str]  # key -> name, of inbound trunks

    def shown(self, kind: Kind, key: str) -> dict:
        return show(kind, self.stored[kind.name][key], self.names)

    def shown_changes(self, kind: Kind) -> list[dict]:
        return [self.shown(kind, change.key) for change in self.changes if change.kind is kind]

    def shown_all(self, kind: Kind) -> list[dict]:
        gone = {change.key for change in self.changes if change.after is None}
        return [self.shown(kind, key) for key in self.stored.get(kind.name, ()) if key not in gone]

    def result(self) -> dict:
        return {"changed": bool(self.actions), "actions": self.actions, "diff": diff(self.changes, self.names)}


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
        self.lost: list[tuple[Step, str]] = []  # writes, with names, of which nobody knows yet whether they were done
        self.born: dict[str, Kind] = {}  # ids of what this run created
        self.known: set[str] = set()  # ids of what was there before

    def outcome(self) -> Outcome:
        first = None
        for look in range(_LOOKS):
            planned = self._planned()
            if first is None:
                first = planned
                self.known = {key for table in planned.before.values() for key in table}
            self._tell_lost_writes_that_were_done(planned)
            if self.module.check_mode:
                self.actions = [_action(step, step.key, _name(step, planned)) for step in planned.steps]
                break
            try:
                self._write_all(planned)
                self._settle_with_rivals()
                break
            except _TableMoved as moved:
                if look == _LOOKS - 1:
                    raise moved.__cause__ or LiveKitError("aborted", str(moved), "", _ABORTED_HINT) from moved
                time.sleep(random.uniform(0, _PAUSE))
        for warning in planned.warnings:
            self.module.warn(warning)
        return self._told(first, planned)

    def _planned(self) -> Plan:
        parking = f"parked-{secrets.token_hex(6)}"
        current = self._table()
        began = moved = time.monotonic()
        while True:
            try:
                return plan(current, self.wishes, self.detach, self.update_password, parking)
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
                    if answer.code in _LOST:
                        self.lost.append((step, _name(step, planned)))
                else:
                    self._keep(step, answer, _name(step, planned))
            for error in failed:
                if error.code in (*_LOST, "not_found", "invalid_argument"):
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
            self.born[self.ids[step.key]] = step.kind
        key = self.ids.get(step.key, step.key)
        self.actions.append(_action(step, key, name))
        if step.body is not None:
            self.written[key] = stored
            self._refuse_ignored_fields(step, self._with_ids(step.body), stored)

    def _tell_lost_writes_that_were_done(self, planned: Plan) -> None:
        """What a plan made after a look no longer wants to write was done."""
        to_do = {(change.kind.name, change.key) for change in planned.changes}
        for step, name in self.lost:
            if (step.kind.name, step.key) in to_do:
                continue
            key = self.ids.get(step.key, step.key)
            if step.action == "create":
                table = planned.before[step.kind.name]
                key = next((key for key, stored in table.items() if stored.get("name", "") == name), key)
                self.ids[step.key] = key
                self.born[key] = step.kind
                self.written.setdefault(key, table.get(key, {}))
            self.actions.append(_action(step, key, name))
        self.lost = []

    def _with_ids(self, body: dict | None) -> dict | None:
        if body and body.get("trunk_ids"):
            return {**body, "trunk_ids": [self.ids.get(trunk, trunk) for trunk in body["trunk_ids"]]}
        return body

    def _refuse_ignored_fields(self, step: Step, body: dict, stored: dict) -> None:
        ignored = [
            found
            for spec in step.kind.fields
            # Servers that keep passwords to themselves answer without them.
            if not (spec.name == "auth_password" and not stored.get(spec.name))
            for found in spec.ignored(stored.get(spec.name), body.get(spec.name))
        ]
        if ignored:
            needed = ", ".join(f"{path} needs livekit-server {since} or newer" for path, since in ignored if since)
            raise LiveKitError(
                "ignored_field",
                f"the server took {step.kind.title} {body.get('name')!r} and did not store "
                f"{', '.join(path for path, since in ignored)} as sent",
                step.kind.update_rpc,
                f"{needed}: update the server, or leave the field out"
                if needed
                else "a proxy changes what is sent, or the server is older than livekit-server 1.9.0",
            )

    def _settle_with_rivals(self) -> None:
        """Of two equal newborns of concurrent runs one goes: the one with the larger id, deleted by its own maker.

        livekit-server does not lock: two creates at the same moment are both stored, and calls then get 503.
        """
        deadline = time.monotonic() + _RIVAL_PATIENCE
        gave_way = False
        while self.born:
            kinds = [kind for kind in KINDS.values() if kind in self.born.values()]
            table = self.server.table(kinds)
            rivals = {key: self._rivals(kind, key, table) for key, kind in self.born.items()}
            for key, rival in rivals.items():
                if rival and (min(rival) < key or time.monotonic() > deadline):
                    withdrawal = Step("delete", self.born.pop(key), key, None)
                    self.server.write(withdrawal, key, None)
                    self.actions.append(_action(withdrawal, key, self.written[key].get("name", "")))
                    gave_way = True
            if not any(rivals[key] for key in self.born):
                break
            time.sleep(0.1)
        if gave_way:
            raise _TableMoved("another run made the same object at the same moment")

    def _rivals(self, kind: Kind, key: str, table: dict[str, list[dict]]) -> list[str]:
        name = self.written[key].get("name")
        return [
            stored[kind.id_field]
            for stored in table[kind.name]
            if stored.get("name") == name and stored[kind.id_field] not in {*self.known, key}
        ]

    def _told(self, first: Plan, last: Plan) -> Outcome:
        def real(key):
            return self.ids.get(key, key)

        # What was to be absent is no longer found by the last look, if there was more than one.
        wanted = {
            name: [real(key) for key in last.wanted[name] or first_keys] for name, first_keys in first.wanted.items()
        }
        aliases = {key: now for name, keys in first.wanted.items() for key, now in zip(keys, wanted[name])}
        changes = [
            Change(change.kind, aliases.get(change.key, change.key), change.before, change.after)
            for change in (first.changes if self.actions else ())
        ]
        stored = {
            name: {real(key): self.written.get(real(key), final) for key, final in table.items()}
            for name, table in last.final.items()
        }
        for change in changes:
            if change.after is None:
                stored[change.kind.name].setdefault(change.key, change.before)
        names = {}
        for table in (first.before, first.final, last.final):
            for key, trunk in table.get(INBOUND_TRUNK.name, {}).items():
                names[key] = names[real(key)] = trunk.get("name", "")
        return Outcome(changes, self.actions, wanted, stored, names)


def _independent(steps: list[Step]) -> Iterator[list[Step]]:
    """Runs of steps that may be written in any order: new objects claim different calls, old ones are let go of."""
    for (action, _kind), run in groupby(steps, key=lambda step: (step.action, step.kind.name)):
        if action == "replace":
            yield from ([step] for step in run)
        else:
            yield list(run)


def _name(step: Step, planned: Plan) -> str:
    tables = (planned.final[step.kind.name], planned.before[step.kind.name])
    return next(table[step.key].get("name", "") for table in tables if step.key in table)


def _action(step: Step, key: str, name: str) -> dict:
    action = {"action": step.action, "object": step.kind.name, "name": name, "id": "" if key.startswith(NEW) else key}
    if step.parked:
        action["parked"] = True
    return action
