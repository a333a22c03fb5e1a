# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of `make test` about a stage."""

from collections import Counter

import pytest

from tools import run_tests
from tools.counts import Counts, Results


def stage(failed=(), passed=1, command=None):
    made = run_tests.Stage("contract", "modules", command or run_tests.pytest("tests/contract"))
    made.results = Results(Counts(passed, len(failed), 1), dict(failed), Counter({"no telephone": 1}))
    made.failed, made.seconds = bool(failed) or not passed, 61.7
    return made


def test_a_failed_test_comes_with_its_reason_and_its_command():
    said = run_tests.why(stage({"tests/contract/test_x.py::test_y[a]": "assert 1 == 2"}.items()))
    assert said == [
        "failed  tests/contract/test_x.py::test_y[a]",
        "why     assert 1 == 2",
        "alone   .venv/bin/pytest 'tests/contract/test_x.py::test_y[a]'",
    ]


def test_a_test_is_run_alone_with_the_options_of_its_stage():
    command = run_tests.pytest("tests/contract", "--server", "newer")
    [_failed, _why, alone] = run_tests.why(stage({"tests/contract/test_x.py::test_y": "no"}.items(), command=command))
    assert alone == "alone   .venv/bin/pytest tests/contract/test_x.py::test_y --server newer"


def test_a_test_of_molecule_needs_its_hosts():
    command = [run_tests.BIN / "molecule", "test"]
    [_failed, _why, alone] = run_tests.why(stage({"test_x.py::test_y": "no"}.items(), command=command))
    assert alone == "alone   make test STAGES=contract"


@pytest.mark.parametrize("count", [0, 1, 50])
def test_there_are_at_most_ten_lines(count):
    said = run_tests.why(stage({f"t.py::test_{number}": "no" for number in range(count)}.items(), passed=0))
    assert 1 <= len(said) <= 10


def test_a_stage_without_a_test_has_failed():
    assert stage(passed=0).sum == Counts(0, 1, 1)


def test_the_table_names_what_was_skipped():
    assert run_tests.table([stage()]) == [
        "Stage         Tests                          Seconds",
        "contract  ok  1 passed, 0 failed, 1 skipped  62",
        "skipped in contract: 1 x no telephone",
    ]


def test_the_slowest_tests_of_all_stages_are_named():
    quick, slow = stage(), stage()
    quick.results.seconds = {"a.py::test_a": 1.2, "a.py::test_b": 0.1}
    slow.results.seconds = {"c.py::test_c": 61.7}
    assert run_tests.slowest([quick, slow], 2) == ["     62  c.py::test_c", "      1  a.py::test_a"]
