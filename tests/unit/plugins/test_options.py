# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A variable of the wrong type, in any role, is reported in one sentence without secrets."""

from pathlib import Path

import pytest
import yaml
from ansible_collections.telephony.livekit.plugins.module_utils._values import masked
from ansible_collections.telephony.livekit.plugins.plugin_utils._options import type_problems

ROLES = Path(__file__).resolve().parents[3] / "roles"
CANARY = "canary-0123456789abcdef"
# Type -> values of other types.
WRONG = {
    "str": [{"a": CANARY}, [CANARY], True],
    "path": [{"a": CANARY}, [CANARY], True],
    "int": [CANARY, {"a": CANARY}, [CANARY], True, 1.5, ""],
    "float": [CANARY, {"a": CANARY}, [CANARY], True],
    "bool": [{"a": CANARY}, [CANARY], 2, "perhaps"],
    "dict": [CANARY, [CANARY], 5, True],
    "list": [{"a": CANARY}, True],
}


def variables():
    for role in sorted(ROLES.glob("livekit_*")):
        spec = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]
        yield from spec["options"].items()


VARIABLES = dict(variables())


@pytest.mark.parametrize("name", VARIABLES)
def test_a_wrong_type_is_one_sentence_with_the_name(name):
    for value in [None, *WRONG[VARIABLES[name]["type"]]]:
        (problem,) = type_problems(VARIABLES, {name: value})
        assert problem.startswith(f"{name}: ")
        assert " is invalid. " in problem
        assert len(problem) < 400
        assert CANARY not in problem or not VARIABLES[name].get("no_log")


def below(options, path):
    """Each path in a dictionary, with a dictionary that has a value of the wrong type there."""
    for key, option in options.items():
        for wrong in WRONG[option["type"]]:
            yield f"{path}.{key}", {key: wrong}
        if option["type"] == "dict":
            yield from ((place, {key: inner}) for place, inner in below(option.get("options", {}), f"{path}.{key}"))


@pytest.mark.parametrize("name", [name for name, option in VARIABLES.items() if option["type"] == "dict"])
def test_a_wrong_type_inside_is_named_with_its_place(name):
    for path, value in below(VARIABLES[name].get("options", {}), name):
        problems = [problem for problem in type_problems(VARIABLES, {name: value}) if " is missing. " not in problem]
        assert [problem for problem in problems if problem.startswith(f"{path}: ")] == problems != []


@pytest.mark.parametrize("name", [name for name, option in VARIABLES.items() if option["type"] == "list"])
def test_one_text_is_a_list_of_texts_and_nothing_else(name):
    problems = list(type_problems(VARIABLES, {name: "one, two"}))
    assert bool(problems) == (VARIABLES[name]["elements"] == "dict")


@pytest.mark.parametrize("name", VARIABLES)
def test_defaults_have_their_types(name):
    default = VARIABLES[name].get("default", "")
    if "{{" not in str(default):
        assert list(type_problems(VARIABLES, {name: default})) == []


def test_numbers_as_text_and_flags_as_words_are_understood():
    given = {
        "livekit_sip_sip_port": "5061",
        "livekit_sip_use_external_ip": "yes",
        "livekit_sip_max_cpu_utilization": "0.5",
    }
    assert list(type_problems(VARIABLES, given)) == []


def test_an_unknown_key_is_named_without_its_value():
    (problem,) = type_problems(VARIABLES, {"livekit_server_redis": {"pasword": CANARY}})
    assert problem.startswith("livekit_server_redis.pasword is invalid: it is unknown. Use only address, ")
    assert CANARY not in problem


def test_a_missing_key_is_named():
    given = {"livekit_server_keys": {"agents": {"api_key": "APIexample"}}}
    assert list(type_problems(VARIABLES, given)) == ["livekit_server_keys.agents.api_secret is missing. Give it."]


@pytest.mark.parametrize(
    ("text", "shown"),
    {
        f"address is 'redis://:{CANARY}@198.51.100.1:6379'.": "address is 'redis://***@198.51.100.1:6379'.",
        f"is wss://user:{CANARY}@a.example.com, and": "is wss://***@a.example.com, and",
        f"is rediss://user:{CANARY}/with@more@a.example.com": "is rediss://***@a.example.com",
        f"holds user:{CANARY}@a.example.com:6379": "holds ***@a.example.com:6379",
        "registry.example.com/name:1.2@sha256:00": "registry.example.com/name:1.2@sha256:00",
        "sip@example.com, port: 5060": "sip@example.com, port: 5060",
    }.items(),
)
def test_users_and_passwords_in_urls_are_masked(text, shown):
    assert masked(text) == shown
