# SPDX-License-Identifier: GPL-3.0-or-later
"""The number of passed, failed and skipped tests, and the names of the failed ones, read from --junit-xml files."""

from collections import Counter
from dataclasses import dataclass, field
from xml.etree import ElementTree


@dataclass(frozen=True)
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


@dataclass
class Results:
    """The results in one file. `failed` maps the node id of each failed test to the first line of the reason, and
    `seconds` maps each test to its time, including the fixtures that it was the first to use."""

    counts: Counts = Counts()
    failed: dict[str, str] = field(default_factory=dict)
    skipped: Counter = field(default_factory=Counter)  # reason -> number of tests
    seconds: dict[str, float] = field(default_factory=dict)


def read(path):
    """The results in one file; no results if pytest ended before it wrote the file."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return Results()
    results = Results()
    for suite in root.iter("testsuite"):
        tests, failures, errors, skipped = (
            int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")
        )
        results.counts += Counts(max(tests - failures - errors - skipped, 0), failures + errors, skipped)
    for test in root.iter("testcase"):
        results.seconds[node_id(test)] = float(test.get("time", 0))
        for verdict in test:
            reason = (verdict.get("message") or "no reason given").strip().splitlines()[0]
            if verdict.tag in ("failure", "error"):
                results.failed[node_id(test)] = reason
            elif verdict.tag == "skipped":
                results.skipped[reason] += 1
    return results


def node_id(test):
    """The argument for pytest that runs only this test."""
    return f"{test.get('classname', '').replace('.', '/')}.py::{test.get('name')}"
