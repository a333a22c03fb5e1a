# SPDX-License-Identifier: GPL-3.0-or-later
"""How many tests passed and failed, from the files that pytest leaves with --junit-xml."""

from dataclasses import dataclass
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


def read(path):
    """The counts of one file; none at all where pytest did not come so far as to write it."""
    try:
        suites = ElementTree.parse(path).getroot().iter("testsuite")
    except (OSError, ElementTree.ParseError):
        return Counts()
    total = Counts()
    for suite in suites:
        tests, failures, errors, skipped = (
            int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")
        )
        total += Counts(max(tests - failures - errors - skipped, 0), failures + errors, skipped)
    return total
