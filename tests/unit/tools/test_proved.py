# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage is skipped only if it passed before with exactly the same files."""

import subprocess

import pytest

from tools import proved, run_tests
from tools.counts import Counts


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    (folder / "tests").mkdir(parents=True)
    (folder / "tests" / "test_x.py").write_text("one\n")
    (folder / "README.md").write_text("one\n")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TELEPHONY_LIVEKIT_CACHE", str(tmp_path / "cache"))


def mark(checkout):
    return proved.fingerprint(["tests"], checkout)


@pytest.mark.parametrize(
    "name", ["tests/test_x.py", "tests/new.py", "requirements.txt", "Makefile", "tools/images.yml"]
)
def test_what_the_result_rests_on_changes_the_fingerprint(checkout, name):
    before = mark(checkout)
    (checkout / name).parent.mkdir(exist_ok=True)
    (checkout / name).write_text("two\n")
    assert mark(checkout) != before


def test_a_file_that_goes_changes_the_fingerprint(checkout):
    before = mark(checkout)
    (checkout / "tests" / "test_x.py").unlink()
    assert mark(checkout) != before


def test_other_files_do_not(checkout):
    before = mark(checkout)
    (checkout / "README.md").write_text("two\n")
    assert mark(checkout) == before


def test_another_interpreter_changes_the_fingerprint(checkout, monkeypatch):
    before = mark(checkout)
    monkeypatch.setattr(proved.sys, "version", "3.99")
    assert mark(checkout) != before


def test_other_packages_change_the_fingerprint(checkout, monkeypatch):
    before = mark(checkout)
    monkeypatch.setattr(proved, "packages", lambda: "redis-server 99")
    assert mark(checkout) != before


def test_a_record_is_of_one_stage_and_one_fingerprint():
    proved.record("doubles", "a" * 64, Counts(passed=3))
    assert proved.recorded("doubles", "a" * 64)["counts"] == {"passed": 3, "failed": 0, "skipped": 0}
    assert proved.recorded("doubles", "b" * 64) is None
    assert proved.recorded("races", "a" * 64) is None


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """A function that creates a stage with one test file."""
    monkeypatch.setattr(run_tests, "OUTPUT", tmp_path)

    def made(text):
        test = tmp_path / "test_it.py"
        test.write_text(text)
        command = run_tests.pytest("--rootdir", tmp_path, test)
        return run_tests.Stage("doubles", "a test", command, rests_on=("tests/doubles",))

    return made


def test_a_green_stage_is_left_out_the_next_time_and_says_why(stage):
    first = stage("def test_it(): pass\n")
    assert not first.is_proved()
    first.run()
    assert not first.failed
    again = stage("")
    assert again.is_proved() and not again.failed
    assert str(again.sum) == "0 passed, 0 failed, 1 skipped"
    [line] = run_tests.table([again])[2:]
    assert line.startswith("skipped in doubles: 1 x green on ") and line.endswith("FULL=1 runs it")


def test_a_red_stage_runs_again(stage):
    red = stage("def test_it(): assert False\n")
    red.run()
    assert red.failed and not stage("").is_proved()


def test_what_changes_while_it_runs_is_not_proved(stage, monkeypatch):
    marks = iter(["before", "after"])
    monkeypatch.setattr(proved, "fingerprint", lambda *_paths: next(marks))
    green = stage("def test_it(): pass\n")
    green.run()
    assert not green.failed
    assert not any(proved.recorded("doubles", each) for each in ("before", "after"))
