# SPDX-License-Identifier: GPL-3.0-or-later
"""`make clean` removes every virtual environment that a tool creates."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def test_clean_removes_each_virtual_environment():
    recipe = (REPOSITORY / "Makefile").read_text(encoding="utf-8").partition("\nclean:")[2]
    makers = [REPOSITORY / "Makefile", *(REPOSITORY / "tools").glob("*.py")]
    made = {name for path in makers for name in re.findall(r"\.venv(?:-\w+)?", path.read_text(encoding="utf-8"))}
    assert {".venv", ".venv-newest", ".venv-oldest"} <= made
    assert made <= set(re.findall(r"\.venv(?:-\w+)?", recipe))
