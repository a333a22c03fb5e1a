# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/dial-plan.md has a row for each finding and each problem in the code, with its severity and its fix."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = (REPOSITORY / "docs" / "dial-plan.md").read_text(encoding="utf-8")
SAID = {"ERROR": "error", "WARNING": "warning", "NOTE": "note", "SERVER": "livekit-server", "SIP": "livekit-sip"}
# The severity of a missing trunk depends on the other trunks of the rule.
DEPENDS = {"trunk_missing": "error, warning"}


def rows(heading: str) -> list[tuple[str, str, str]]:
    """Code, severity (or the program that rejects the call) and fix of each row in the table below a heading."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\| `(\w+)` \| (.*?) \| .* \| (.*?) \|$", section, re.MULTILINE)


def in_code(name: str, *modules: str) -> list[tuple[str, str, str]]:
    """The same values from every call Finding(…) or Problem(…) in the code, with … in place of variables."""
    sources = [
        (REPOSITORY / "plugins" / "module_utils" / f"{module}.py").read_text(encoding="utf-8") for module in modules
    ]
    calls = [
        node
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]
    assert all(isinstance(call.args[0], ast.Constant) for call in calls)
    return [
        (code, DEPENDS.get(code) or SAID.get(ast.unparse(call.args[1]), "nobody"), text(call.args[-1]))
        for call in calls
        for code in [call.args[0].value]
    ]


def text(node: ast.expr) -> str:
    if isinstance(node, ast.IfExp):
        return f"{text(node.body)} / {text(node.orelse)}"
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    assert isinstance(node, ast.Constant), ast.unparse(node)
    return node.value


@pytest.mark.parametrize(
    ("heading", "name", "modules"),
    [
        ("Findings", "Finding", ["_findings", "_object_findings"]),
        ("Problems of an outbound call", "Problem", ["_outbound", "_outbound_problems"]),
    ],
)
def test_table_has_what_the_code_has(heading, name, modules):
    assert len(rows(heading)) > 20
    assert sorted(rows(heading)) == sorted(in_code(name, *modules))


def test_readme_leads_to_the_page():
    assert "(docs/dial-plan.md)" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
