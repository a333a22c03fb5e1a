# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The argument specification of a role matches its defaults."""

from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
NAMES = sorted(path.name for path in ROLES.iterdir() if path.is_dir())


def load(path):
    return yaml.safe_load(path.read_text()) or {}


def defaults(role):
    folder = ROLES / role / "defaults"
    files = [folder / "main.yml"] if (folder / "main.yml").is_file() else sorted((folder / "main").glob("*.yml"))
    merged = {}
    for path in files:
        values = load(path)
        assert not merged.keys() & values.keys(), f"{path} sets a variable a second time"
        merged.update(values)
    return merged


def entry_points(role):
    return load(ROLES / role / "meta" / "argument_specs.yml")["argument_specs"]


def options(role):
    merged = {}
    for spec in entry_points(role).values():
        merged.update(spec.get("options", {}))
    return merged


def test_there_are_roles():
    named = "livekit_docker livekit_redis livekit_server livekit_sip livekit_firewall livekit_routing"
    assert set(named.split()) <= set(NAMES)


@pytest.mark.parametrize("role", NAMES)
def test_role_is_complete(role):
    for name in ("README.md", "defaults/main", "meta/main.yml", "meta/argument_specs.yml", "tasks/main.yml"):
        assert (ROLES / role / name).exists() or (ROLES / role / f"{name}.yml").is_file(), f"{role} has no {name}"


@pytest.mark.parametrize("role", NAMES)
def test_defaults_equal_the_spec(role):
    specs, there = options(role), defaults(role)
    lines = [f"meta/argument_specs.yml: add {name}" for name in there.keys() - specs.keys()]
    for name, spec in specs.items():
        # For any invalid value, Ansible prints the specification's resolved defaults, so these contain no secrets.
        secret = "hostvars[" in str(there.get(name, ""))
        if spec.get("required"):
            lines += [f"defaults/main: remove {name}, which is required"] if name in there else []
        elif name not in there:
            lines.append(f"defaults/main: add {name}")
        elif secret and "default" in spec:
            lines.append(f"meta/argument_specs.yml, {name}: remove the default, which tells a secret")
        elif not secret and ("default" not in spec or spec["default"] != there[name]):
            lines.append(f"meta/argument_specs.yml, {name}, default: write the value of defaults/main, {there[name]!r}")
    if lines:
        pytest.fail("\n".join(f"roles/{role}/{line}" for line in lines), pytrace=False)


@pytest.mark.parametrize("role", NAMES)
def test_every_variable_has_the_role_as_prefix(role):
    names = set(options(role)) | set(defaults(role))
    for path in (ROLES / role / "vars").glob("**/*.yml"):
        names |= set(load(path))
    assert [name for name in sorted(names) if not name.startswith(f"{role}_")] == []


@pytest.mark.parametrize("role", NAMES)
def test_every_option_is_described_and_typed(role):
    def walk(where, specs):
        for name, spec in specs.items():
            assert spec.get("description"), f"{where}{name} has no description"
            assert spec.get("type"), f"{where}{name} has no type"
            assert spec["type"] != "list" or spec.get("elements"), f"{where}{name} does not say what its elements are"
            walk(f"{where}{name}.", spec.get("options", {}))

    for point, spec in entry_points(role).items():
        assert spec.get("short_description"), f"{role}, {point}: no short_description"
        assert spec.get("description"), f"{role}, {point}: no description"
        walk(f"{role}, {point}: ", spec.get("options", {}))


@pytest.mark.parametrize("role", NAMES)
def test_secrets_are_marked(role):
    unmarked = [
        name
        for name, spec in options(role).items()
        if name.endswith(("_password", "_secret", "_secrets", "_keys"))
        and not (spec.get("no_log") or spec.get("options"))
    ]
    assert unmarked == []
