# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Runs a module: reads the server, plans, writes unless in check mode, and reads the server again."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from ._answers import failure
from ._calls import shortened
from ._client import LiveKitError
from ._expect import Expected, check_expected
from ._invalid import invalid
from ._kinds import DISPATCH_RULE, INBOUND_TRUNK, KINDS, Kind
from ._last_look import LastLook
from ._module import Module, fail
from ._order import NEW, Step
from ._outcome import Keys, Outcome, action_of, name_of, outcome_of
from ._plan import Desired, Plan, PlanError, plan
from ._refusals import dropped, not_known, refused
from ._rivals import Written, yield_to_rivals
from ._server import EmptyServer, Server

# Maximum number of concurrent writes.
PARALLEL_WRITES = 4
# Errors after which it is unknown whether a write was applied.
_LOST = ("lost_answer", "not_json_5xx", "unavailable")
# Errors about a value, or about an object that another run has written.
_REFUSED = ("invalid_argument", "malformed")
_MOST_TOLD = 10
# Maximum number of new plans if the table changes during the run.
MAX_REPLANS = 6
_PAUSE_SECONDS = 0.2  # between two reads
# Seconds without a change after which a conflict in the table counts as final, because no other run is resolving it.
AT_REST_SECONDS = 1.5


def converge(
    module: Module,
    desired: dict[str, Desired],
    detach: bool = False,
    update_password: bool = True,
    assume_empty: bool = False,
    assume_trunks: list[str] | None = None,
    expected: Sequence[Expected] = (),
) -> Outcome:
    """Bring the server to the desired state, or fail with the reason."""
    if (assume_empty or assume_trunks) and not module.check_mode:
        given = "assume_empty" if assume_empty else "assume_trunks"
        fail(module, "invalid", f"{given}: {assume_empty or assume_trunks} is invalid: {invalid('assumed')}")
    run = None
    try:
        server = EmptyServer() if assume_empty else Server(module, read_only=module.check_mode)
        run = _Run(server, module, desired, detach, update_password, assume_trunks or [], expected)
        return run.outcome()
    except (PlanError, LiveKitError) as error:
        done = run.done() if run else {}
        message = f"{error.message}. {done.pop('told')}" if done.get("told") else error.message
        fail(module, error.code, message, error.hint, getattr(error, "rpc", ""), **done)


class StaleTable(Exception):
    """The table must be read again: another run wrote, or it is unknown whether a write of this run was applied."""


def plan_when_settled(read: Callable, make_plan: Callable, patience: float, clock=time) -> Plan:
    """A plan for the table that `read` returns. Conflicts may disappear while other runs change the table.

    patience: seconds after which a conflict counts as final even if the table is still changing.
    """
    table = read()
    began = moved = clock.monotonic()
    while True:
        try:
            return make_plan(table)
        except PlanError as error:
            now = clock.monotonic()
            final = now - moved >= AT_REST_SECONDS or now - began >= patience
            if final or error.code not in ("ambiguous", "conflict"):
                raise
        clock.sleep(_PAUSE_SECONDS)
        before, table = table, read()
        if table != before:
            moved = clock.monotonic()


class _Run:
    def __init__(
        self,
        server,
        module: Module,
        desired: dict[str, Desired],
        detach: bool,
        update_password: bool,
        assume_trunks: list[str],
        expected: Sequence[Expected] = (),
    ):
        self.server = server
        self.module = module
        self.desired = desired
        self.detach = detach
        self.update_password = update_password
        self.assume_trunks = assume_trunks
        self.expected = expected
        self.actions: list[dict] = []
        self.keys = Keys()
        self.answers: dict[str, dict] = {}  # id -> stored object, from the server's last answer
        self.lost: list[tuple[Step, str]] = []  # writes that may have been applied, with the objects' names
        self.written: dict[str, Written] = {}  # id -> object, for the detection of rivals
        self.last_look = LastLook()
        self.known: set[str] = set()  # ids of objects that existed before the run
        self.parked: dict[str, str] = {}  # id -> label of an object with a placeholder number or PIN

    def outcome(self) -> Outcome:
        first, planned = None, self._planned(self._table)
        for replans_left in reversed(range(MAX_REPLANS)):
            if first is None:
                first = planned
                self.known = {key for table in planned.before.values() for key in table}
            self._recover_lost_writes(planned)
            self._refuse_unknown_fields(planned)
            if self.module.check_mode:
                self.actions = [action_of(step, step.key, name_of(step, planned)) for step in planned.steps]
                break
            try:
                if not planned.steps:
                    break
                self._write_all(planned)
                self._resolve_rivals()
                break
            except StaleTable as stale:
                if not replans_left:
                    raise stale.__cause__ or failure("aborted", "") from stale
                time.sleep(random.uniform(0, _PAUSE_SECONDS))
                planned = self._planned(self._table)
        for warning in planned.warnings:
            self.module.warn(warning)
        return outcome_of(first, planned, self.actions, self.answers, self.keys)

    def done(self) -> dict:
        """The changes that a failed run has made, for its result."""
        if self.module.check_mode or not (self.actions or self.lost):
            return {}
        told = []
        if self.actions:
            told.append(
                f"Before that, this run wrote: {shortened([_words(action) for action in self.actions], _MOST_TOLD)}"
            )
        if self.lost:
            steps = [f"{step.action} {step.kind.name} {name!r}" for step, name in self.lost]
            told.append(f"It is unknown whether it wrote: {shortened(steps, _MOST_TOLD)}")
        if self.parked:
            waiting = shortened([*self.parked.values()], _MOST_TOLD)
            told.append(f"{waiting} still has a placeholder number or PIN and matches no calls: run again")
        return {"told": ". ".join(told), "changed": bool(self.actions), "actions": self.actions}

    def _planned(self, read: Callable) -> Plan:
        parking = f"parked-{secrets.token_hex(6)}"
        patience = 0 if self.module.check_mode else self.module.params["timeout"]

        def make_plan(table: dict[str, list[dict]]) -> Plan:
            planned = plan(table, self.desired, self.detach, self.update_password, parking)
            if self.expected:
                check_expected(self.expected, planned.final)
            return planned

        return plan_when_settled(read, make_plan, patience)

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
        """The kinds to read. These include trunks that rules may name, and rules that may name deleted trunks."""
        if self.expected:
            return list(KINDS.values())
        kinds = [kind for name, kind in KINDS.items() if name in self.desired]
        trunks = self.desired.get(INBOUND_TRUNK.name)
        if DISPATCH_RULE in kinds and INBOUND_TRUNK not in kinds:
            kinds.append(INBOUND_TRUNK)
        if trunks and (trunks.purge or trunks.state == "absent") and DISPATCH_RULE not in kinds:
            kinds.append(DISPATCH_RULE)
        return kinds

    def _write_all(self, planned: Plan) -> None:
        for _batch, batch in groupby(planned.steps, key=lambda step: step.batch):
            steps = [*batch]
            failed = []
            for step, answer in zip(steps, self._write_parallel(steps)):
                if isinstance(answer, LiveKitError):
                    failed.append(answer)
                    if answer.code in _LOST:
                        self.lost.append((step, name_of(step, planned)))
                else:
                    self._record(step, answer, planned)
                    lost = dropped(step.kind, self.keys.in_body(step.body), answer) if step.body else None
                    failed += [lost] if lost else []
            # A lost answer comes first: the next read shows the result, and a rejected write would be rejected again.
            for error in sorted(failed, key=lambda error: error.code not in _LOST):
                if error.code in (*_LOST, "not_found", "invalid_argument"):
                    raise StaleTable(error.message) from error
                raise error

    def _write_parallel(self, steps: list[Step]) -> list:
        """The result of each write: the stored object, or the error."""
        if len(steps) == 1:
            return [self._write(steps[0])]
        with ThreadPoolExecutor(PARALLEL_WRITES) as writers:
            return list(writers.map(self._write, steps))

    def _write(self, step: Step) -> dict | LiveKitError:
        body = self.keys.in_body(step.body)
        try:
            return self.server.write(step, self.keys.real(step.key), body)
        except LiveKitError as error:
            if step.action == "delete" and error.code == "not_found":
                return {}
            return refused(step.kind, body, error) if body and error.code in _REFUSED else error

    def _record(self, step: Step, stored: dict, planned: Plan) -> None:
        if step.action == "create":
            self.keys.ids[step.key] = stored[step.kind.id_field]
        key = self.keys.real(step.key)
        name = name_of(step, planned)
        self.actions.append(action_of(step, key, name))
        before = self.answers.pop(key, None) or planned.before[step.kind.name].get(key)
        self.last_look.note(step.kind, key, before, stored if step.body else None)
        self.parked.pop(key, None)
        if step.parked:
            self.parked[key] = f"{step.kind.title} {name!r}"
        if step.body is None:
            self.written.pop(key, None)
            return
        self._mark_written(step.kind, key, planned)
        self.answers[key] = stored

    def _mark_written(self, kind: Kind, key: str, planned: Plan) -> None:
        before = None if key not in self.known else planned.before[kind.name].get(key)
        self.written.setdefault(key, Written(kind, key, before))

    def _recover_lost_writes(self, planned: Plan) -> None:
        """Record lost writes as applied if the new plan no longer contains them."""
        to_do = {(change.kind.name, change.key) for change in planned.changes}
        for step, name in self.lost:
            if (step.kind.name, step.key) in to_do:
                continue
            key = self.keys.real(step.key)
            if step.action == "create":
                table = planned.before[step.kind.name]
                key = next((key for key, stored in table.items() if stored.get("name", "") == name), key)
                self.keys.ids[step.key] = key
                self.written[key] = Written(step.kind, key, None)
                self.answers.setdefault(key, table.get(key, {}))
            self.actions.append(action_of(step, key, name))
        self.lost = []

    def _refuse_unknown_fields(self, planned: Plan) -> None:
        for name in self.desired:
            bodies = [step.body for step in planned.steps if step.kind.name == name and step.body]
            error = not_known(KINDS[name], bodies, list(planned.before[name].values()))
            if error:
                raise error

    def _resolve_rivals(self) -> None:
        gave_way = []

        def withdraw(entry: Written) -> None:
            action = "delete" if entry.before is None else "replace"
            step = Step(action, entry.kind, entry.key, entry.before)
            gave_way.append(entry)
            self.last_look.forget(entry.key)
            try:
                self.server.write(step, entry.key, entry.before)
            except LiveKitError as error:
                if error.code != "not_found":  # another run may have deleted it already
                    raise
                return
            self.actions.append(action_of(step, entry.key, self.answers[entry.key].get("name", "")))

        if self.last_look:
            self._refuse_undone(yield_to_rivals(self.written, self.known, self._table, withdraw))
        if gave_way:
            raise StaleTable

    def _refuse_undone(self, table: dict[str, list[dict]]) -> None:
        undone = self.last_look.undone(table)
        if not undone:
            return
        self.actions = [action for action in self.actions if action["id"] not in undone]
        for key in undone:
            self.written.pop(key, None)
            self.answers.pop(key, None)
        labels = shortened([*undone.values()], _MOST_TOLD)
        raise StaleTable from failure("not_carried_out", "", labels=labels)


def _words(action: dict) -> str:
    return f"{action['action']} {action['object']} {action['name']!r}"
