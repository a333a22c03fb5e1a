# SPDX-License-Identifier: GPL-3.0-or-later
"""Jinja in roles and playbooks is declarative. Filters and tests, which have unit tests, do the computing.

The gate reads the syntax tree, not the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment, nodes

REPOSITORY = Path(__file__).resolve().parents[3]
FOLDERS = ("roles", "playbooks", "tools/deploy/playbooks", "extensions", "inventories")
LONGEST_CHAIN = 5
# Keywords whose values are expressions without braces.
CONDITIONS = {"when", "that", "until", "changed_when", "failed_when", "break_when"}
REGULAR_EXPRESSIONS = {"match", "search", "regex", "regex_search", "regex_replace", "regex_findall"}
# Words in the names of variables and attributes that filters parse, and a prefix length of 0.
PARSED_BY_FILTERS = re.compile(
    r"(?:^|_)(?:ip|nets?|networks?|cidrs?|address(?:es)?|ports?|peers?|timeouts?|durations?|seconds|minutes)(?:_|$)"
)
PREFIX = re.compile(r"/0\b")

# Patterns in Jinja strings contain backslashes, which this gate ignores.
pytestmark = pytest.mark.filterwarnings("ignore:invalid escape sequence")
PARSER = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])


def yaml_files() -> list[Path]:
    return sorted(
        path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.yml") if path.parent.name != "files"
    ) + [REPOSITORY / "site.yml"]


def templates() -> list[Path]:
    return sorted(
        path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("templates/**/*") if path.is_file()
    )


def jinja_in(value, condition: bool = False) -> Iterator[str]:
    """The templates in a document: each string with braces, and each condition, with braces added."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from jinja_in(item, key in CONDITIONS)
    elif isinstance(value, list):
        for item in value:
            yield from jinja_in(item, condition)
    elif isinstance(value, str) and ("{{" in value or "{%" in value):
        yield value
    elif isinstance(value, str) and condition:
        yield "{{ " + value + " }}"


class Loader(yaml.SafeLoader):
    """Ignores the tags of Ansible, such as !unsafe."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def trees(path: Path) -> Iterator[nodes.Template]:
    for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader):
        for text in jinja_in(document):
            yield PARSER.parse(text)


# --- rules: each yields the errors in a syntax tree -------------------------------------------------------------------


def assignments(tree: nodes.Node) -> Iterator[str]:
    for node in tree.find_all((nodes.Assign, nodes.AssignBlock, nodes.ExprStmt)):
        yield f"line {node.lineno}: an assignment; use a variable or a filter"


def loops(tree: nodes.Node) -> Iterator[str]:
    for node in tree.find_all(nodes.For):
        yield f"line {node.lineno}: a loop; use a filter"


def loops_that_compute(tree: nodes.Node) -> Iterator[str]:
    """A loop in a template only prints: its body contains text, conditions and further loops."""
    for loop in tree.find_all(nodes.For):
        if loop.recursive or any(True for _unused in loop.find_all((nodes.Assign, nodes.AssignBlock, nodes.ExprStmt))):
            yield f"line {loop.lineno}: a loop that computes; use a filter"
        if not any(True for _unused in loop.find_all(nodes.TemplateData)):
            yield f"line {loop.lineno}: a loop that prints no line of its own; use join"


def chains(tree: nodes.Node) -> Iterator[str]:
    for node in tree.find_all(nodes.Filter):
        length, inner = 1, node.node
        while isinstance(inner, nodes.Filter):
            length, inner = length + 1, inner.node
        if length > LONGEST_CHAIN:
            yield f"line {node.lineno}: {length} filters in a chain, up to {node.name}; use a filter of our own"


def regular_expressions(tree: nodes.Node) -> Iterator[str]:
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        texts = [part.value for part in node.find_all(nodes.Const) if isinstance(part.value, str)]
        named = next((text for text in texts if text.rpartition(".")[2] in REGULAR_EXPRESSIONS), None)
        own = node.name.rpartition(".")[2]
        applies = own in ("map", "select", "reject", "selectattr", "rejectattr") and named
        if own not in REGULAR_EXPRESSIONS and not applies:
            continue
        names = [part.name for part in node.find_all(nodes.Name)] + [part.attr for part in node.find_all(nodes.Getattr)]
        odd = [name for name in names if PARSED_BY_FILTERS.search(name)] + list(filter(PREFIX.search, texts))
        if odd:
            yield f"line {node.lineno}: {own} on {', '.join(odd)}; use a test such as telephony.livekit.network"


def found(path: Path, rules) -> list[str]:
    parsed = trees(path) if path.suffix == ".yml" else [PARSER.parse(path.read_text(encoding="utf-8"))]
    return [problem for tree in parsed for rule in rules for problem in rule(tree)]


@pytest.mark.parametrize("path", yaml_files(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_variables_and_tasks_say_what_is_wanted(path):
    assert found(path, (assignments, loops, chains, regular_expressions)) == []


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_templates_print(path):
    assert found(path, (loops_that_compute, chains, regular_expressions)) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{% set x = [] %}", assignments),
        ("{% do x.append(1) %}", assignments),
        ("{% for x in y %}{{ x }}{% endfor %}", loops),
        ("{% for x in y %}{{ x }}{% endfor %}", loops_that_compute),
        ("{% for x in y %}line {{ x }}{% set a = 1 %}{% endfor %}", loops_that_compute),
        ("{{ x | a | b | c | d | e | f }}", chains),
        ("{{ [x | a | b] | c(y | a | b | c | d | e | f) }}", chains),
        ("{{ some_port is match('^x$') }}", regular_expressions),
        ("{{ x | select('search', '/0$') }}", regular_expressions),
        ("{{ x.listen_address | regex_replace('a', 'b') }}", regular_expressions),
        ("{{ drain_timeout is ansible.builtin.match('^[0-9]+s$') }}", regular_expressions),
        ("{{ livekit_networks | map('ansible.builtin.regex_replace', 'a', 'b') }}", regular_expressions),
    ],
)
def test_each_rule_refuses(text, rule):
    assert list(rule(PARSER.parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        "{{ x | a | b | c | d | e }}",
        "{{ (x | a | b | c) + (y | d | e | f) }}",
        "{{ unit is match('^[a-z]+[.]service$') }}",
        "{{ x | map('upper') | select('telephony.livekit.port') }}",
    ],
)
def test_what_is_allowed(text):
    assert [
        problem for rule in (assignments, loops, chains, regular_expressions) for problem in rule(PARSER.parse(text))
    ] == []


PLAYBOOKS = sorted(
    path for folder in ("playbooks", "tools/deploy/playbooks") for path in (REPOSITORY / folder).glob("*.yml")
)


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.name)
def test_no_role_is_named_only_for_its_variables(path):
    """query('telephony.livekit.role_variables', …) reads the variables of every role."""
    plays = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [role for play in plays for role in play.get("roles", []) if role.get("when") is False] == []


TASKS = [path for path in yaml_files() if path.parent.name == "tasks"]


@pytest.mark.parametrize("path", TASKS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_program_is_handed_over_as_a_text(path):
    """Python runs on a host only as a module."""
    assert not re.search(r"lookup\(\s*'(?:ansible\.builtin\.)?file'.*\.py'", path.read_text(encoding="utf-8"))


def test_conditions_are_read_too():
    assert list(jinja_in([{"when": ["a is b", True]}, {"that": "c"}, {"name": "d"}])) == ["{{ a is b }}", "{{ c }}"]
