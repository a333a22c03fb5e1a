# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's documentation matches its arguments, the action group contains it, and its secrets are marked.

ansible-test sanity also compares documentation and arguments, but takes minutes.
"""

import importlib
import re
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule

from tests.support.places import only

REPOSITORY = Path(__file__).resolve().parents[3]
PLUGINS = "ansible_collections.telephony.livekit.plugins"
MODULES = sorted(path.stem for path in (REPOSITORY / "plugins" / "modules").glob("*.py"))
# The other modules belong to roles and do not connect to a server.
OF_A_SERVER = [module for module in MODULES if module.startswith("livekit_")]
SECRETS = {
    *("api_secret", "auth_password", "egress", "headers", "pin", "raw"),
    *("health_redis_password", "secrets", "server_api_secret", "password", "sentinel_password", "client_key_file"),
}
# Names of options that Ansible takes for secrets.
SECRET_NAME = re.compile(r"pass(?!ive)|secret|token|cryptkey|key\b", re.IGNORECASE)
# Properties of an option, with their defaults.
UNSAID = {"type": "str", "elements": None, "required": False, "default": None, "choices": None}


class Reached(Exception):
    """A module has passed its argument specification to Ansible."""


def arguments(module, monkeypatch):
    """The argument specification that a module passes to Ansible."""
    given = {}

    def take(self, argument_spec, **kwargs):
        given.update(argument_spec)
        raise Reached

    monkeypatch.setattr(AnsibleModule, "__init__", take)
    with pytest.raises(Reached):
        importlib.import_module(f"{PLUGINS}.modules.{module}").main()
    return given


def documentation(module):
    """The options of a module, with those of the fragments that it names."""
    said = yaml.safe_load(importlib.import_module(f"{PLUGINS}.modules.{module}").DOCUMENTATION)
    options = dict(said["options"])
    for name in said.get("extends_documentation_fragment", []):
        file, _dot, part = name.removeprefix("telephony.livekit.").partition(".")
        fragment = importlib.import_module(f"{PLUGINS}.doc_fragments.{file}").ModuleDocFragment
        options |= yaml.safe_load(getattr(fragment, (part or "documentation").upper())).get("options", {})
    return said, options


def flat(options, below, path=""):
    """Path of each option -> its properties; `below` is the key of its suboptions."""
    found = {}
    for name, option in options.items():
        found[path + name] = {key: option.get(key, unsaid) for key, unsaid in UNSAID.items()}
        found |= flat(option.get(below) or {}, below, f"{path}{name}.")
    return found


def marks(options, path=""):
    """Path of each option -> its no_log, or None if it is not set."""
    found = {}
    for name, option in options.items():
        found[path + name] = option.get("no_log")
        found |= marks(option.get("options") or {}, f"{path}{name}.")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_documented_as_taken(module, monkeypatch):
    _said, documented = documentation(module)
    said, taken = flat(documented, "suboptions"), flat(arguments(module, monkeypatch), "options")
    wrong = {name: (said.get(name), taken.get(name)) for name in {*said, *taken} if said.get(name) != taken.get(name)}
    if wrong:
        lines = (
            f"plugins/modules/{module}.py, DOCUMENTATION: write {name} as what the module takes: {wanted or 'nothing'}"
            for name, (_said, wanted) in sorted(wrong.items())
        )
        pytest.fail("\n".join(lines), pytrace=False)


@pytest.mark.parametrize("module", MODULES)
def test_secrets_are_marked_and_nothing_else_is(module, monkeypatch):
    marked = marks(arguments(module, monkeypatch))
    secret = {path for path, mark in marked.items() if mark}
    assert secret == {path for path in marked if path.rpartition(".")[2] in SECRETS}, (
        f"add to SECRETS in {Path(__file__).name} what is secret, and mark with no_log what is in it"
    )
    undecided = {path for path, mark in marked.items() if mark is None and SECRET_NAME.search(path.rpartition(".")[2])}
    assert not undecided, f"say no_log, true or false, of {undecided}"


def test_each_module_that_speaks_to_a_server_is_in_the_action_group():
    groups = yaml.safe_load((REPOSITORY / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    assert groups == {"livekit": OF_A_SERVER}


def test_each_module_that_speaks_to_a_server_is_in_the_readme():
    table = (REPOSITORY / "README.md").read_text().partition("| Module |")[2].partition("\n\n")[0]
    only(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE), OF_A_SERVER, "README.md, table of modules")


def test_each_module_that_speaks_to_a_server_is_run_by_tests():
    texts = [path.read_text() for path in REPOSITORY.glob("tests/**/test_*.py")]
    run = {module for module in OF_A_SERVER if any(re.search(rf"\b{module}\b", text) for text in texts)}
    only(run, OF_A_SERVER, "tests/contract, a test of the module")


@pytest.mark.parametrize("module", OF_A_SERVER)
def test_each_module_says_its_action_group_and_its_connection(module):
    said, _options = documentation(module)
    assert said["module"] == module
    assert {"telephony.livekit._connection", "telephony.livekit._attributes.actiongroup_livekit"} <= set(
        said["extends_documentation_fragment"]
    )


def torn(text):
    """Lines that break off in the middle of a sentence."""
    lines = text.splitlines()
    for before, line, after in zip(lines, lines[1:], lines[2:], strict=False):
        begins = [re.match(r"\s*(- |[\w ]+:|$)", one) for one in (line, after)]
        if not any(begins) and len(line.strip()) < 40 and not re.search(r"[|>]-?$", before):
            yield line


@pytest.mark.parametrize(
    "path",
    [
        *sorted((REPOSITORY / "plugins" / "modules").glob("*.py")),
        *(REPOSITORY / "plugins" / "doc_fragments").glob("*.py"),
    ],
    ids=lambda path: path.stem,
)
def test_no_sentence_is_torn(path):
    texts = re.findall(r'(?:DOCUMENTATION|RETURN|[A-Z]+) = r"""(.*?)"""', path.read_text(encoding="utf-8"), re.DOTALL)
    assert [line for text in texts for line in torn(text)] == []


def test_a_torn_sentence_is_noticed():
    assert list(torn("  - One line that is as long as the others are,\n    one rule or\n    a whole list.")) == [
        "    one rule or"
    ]
    assert list(torn("  - One line.\n  - And another.\n  - A third.")) == []


def test_there_are_modules():
    assert OF_A_SERVER
