# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation, messages and comments use the words of docs/terms.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
READ_BY_PEOPLE = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "inventories/**/*.yml",
    "playbooks/*.yml",
    "plugins/**/*.py",
    "roles/**/*.yml",
    "roles/*/README.md",
    "tools/**/*.py",
)
# Pattern -> what to write instead.
REFUSED = {
    r"\bshall\b": "the plain verb",
    r"\bbeside\b(?! =|:)": "next to, besides, and",
    r"\bmend(s|ed)?\b": "fix",
    r"(?<!there )\bis no (?!longer\b|more\b|different\b)\w+": "is not a …",
    r"\btak(e|es|en|ing) (\w+ )?away\b": "remove",
    r"\bare to be\b": "an imperative or a state",
    r"\bso many\b": "the number",
    r"(?<!leaves it)(?<!left)(?<!leave it)(?<!leaves them)(?<!leaves) alone[.,;]": "only, before the noun",
    r"\bpacket filter\b": "firewall",
    r"\blearnt\b": "read, or record",
    r"\b(is|are) wanted\b": "is required, or the desired state",
    r"\banew\b": "again",
    r"\bwhat (is there|stands)\b": "the noun",
    r"\bbelong together\b": "must be set together",
    r"\ball the same\b": "anyway, or still",
    r"\bcounts? for nothing\b": "is ignored",
    r"\botherwise than\b": "differently",
    r"\banybody\b": "any caller, anyone",
    r"\b(held|holds?) back\b": "reject, or drain",
    r"\bstill to come\b": "not there yet",
    r"\bslip of the pen\b": "typing mistake",
    r"\bwithout a word\b": "silently, or without a warning",
}
TERMS = REPOSITORY / "docs" / "terms.md"


def files():
    found = {path for pattern in READ_BY_PEOPLE for path in REPOSITORY.glob(pattern)} - {TERMS}
    assert len(found) > 100
    return sorted(found)


def refused(text):
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, better in REFUSED.items():
            if found := re.search(pattern, line, re.IGNORECASE):
                yield f"line {number}: {found[0]!r}: write {better}"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_refused_word(path):
    assert list(refused(path.read_text(encoding="utf-8"))) == []


def test_a_refused_word_is_found():
    assert len(list(refused("It shall be there.\nThis is no URL.\nFine."))) == 2
