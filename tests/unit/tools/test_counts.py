# SPDX-License-Identifier: GPL-3.0-or-later
import subprocess
import sys

from tools.counts import Counts, Results, read

TESTS = """
import pytest

def test_passes(): pass
def test_fails(): assert False
@pytest.fixture
def broken(): raise OSError
def test_errors(broken): pass
@pytest.mark.skip(reason="there is no telephone")
def test_is_skipped(): pass
"""


def test_a_file_of_pytest(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", tmp_path, "--junit-xml=out.xml", tmp_path]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    results = read(tmp_path / "out.xml")
    assert results.counts == Counts(passed=1, failed=2, skipped=1)
    assert results.failed == {
        "test_it.py::test_fails": "assert False",
        "test_it.py::test_errors": 'failed on setup with "OSError"',
    }
    assert results.skipped == {"there is no telephone": 1}
    assert set(results.seconds) == {*results.failed, "test_it.py::test_passes", "test_it.py::test_is_skipped"}
    assert min(results.seconds.values()) >= 0


def test_a_missing_or_broken_file_counts_nothing(tmp_path):
    (tmp_path / "broken.xml").write_text("<testsuites>")
    assert read(tmp_path / "missing.xml") == Results()
    assert read(tmp_path / "broken.xml") == Results()


def test_counts_add_up_and_read_well():
    assert str(Counts(1, 2) + Counts(3, 4)) == "4 passed, 6 failed"
    assert str(Counts(1, 0, 2)) == "1 passed, 0 failed, 2 skipped"
