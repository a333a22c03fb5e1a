# SPDX-License-Identifier: GPL-3.0-or-later
"""The time after which a conflict is final, because no other run is about to resolve it."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.telephony.livekit.plugins.module_utils._plan import PlanError
from ansible_collections.telephony.livekit.plugins.module_utils._run import AT_REST_SECONDS, plan_when_settled

PATIENCE = 10
CONFLICT, MOVING, SETTLED = {"trunks": ["conflict"]}, "moving", {"trunks": []}


class Server:
    """Returns these tables, one per read, and then repeats the last one. It is also the clock."""

    def __init__(self, *tables) -> None:
        self.tables = itertools.chain(tables, itertools.repeat(tables[-1]))
        self.now = 0.0
        self.looks = 0

    def read(self):
        self.looks += 1
        table = next(self.tables)
        return {"trunks": ["conflict", self.looks]} if table == MOVING else table

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def plan(self, patience: float = PATIENCE, code: str = "conflict"):
        def make_plan(table):
            if table["trunks"]:
                raise PlanError(code, "two trunks claim a number", "Say which")
            return "a plan"

        return plan_when_settled(self.read, make_plan, patience, self)


def test_a_table_without_a_conflict_is_looked_at_once():
    server = Server(SETTLED)
    assert server.plan() == "a plan"
    assert (server.looks, server.now) == (1, 0)


@pytest.mark.parametrize("code", ["conflict", "ambiguous"])
def test_a_conflict_that_another_run_settles_is_none(code):
    server = Server(CONFLICT, CONFLICT, SETTLED)
    assert server.plan(code=code) == "a plan"
    assert 0 < server.now < AT_REST_SECONDS


def test_a_conflict_in_a_table_at_rest_is_final():
    server = Server(CONFLICT)
    with pytest.raises(PlanError):
        server.plan()
    assert AT_REST_SECONDS <= server.now < AT_REST_SECONDS + 0.5
    assert server.looks > 2


def test_each_change_of_the_table_begins_the_wait_anew():
    server = Server(*[MOVING] * 20, SETTLED)
    assert server.plan() == "a plan"
    assert server.now > AT_REST_SECONDS


def test_patience_ends_though_the_table_still_changes():
    server = Server(MOVING)
    with pytest.raises(PlanError):
        server.plan()
    assert PATIENCE <= server.now < PATIENCE + 0.5


@pytest.mark.parametrize(("patience", "code"), [(0, "conflict"), (PATIENCE, "unexpected")])
def test_a_check_run_waits_for_nobody_and_other_failures_are_final_at_once(patience, code):
    server = Server(CONFLICT)
    with pytest.raises(PlanError):
        server.plan(patience, code)
    assert server.now == 0
