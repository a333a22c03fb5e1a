# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions for a program's configuration, a mapping with the structure of its YAML file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from ansible.module_utils.common.validation import check_type_bool, check_type_float, check_type_int
from ansible_collections.telephony.livekit.plugins.module_utils._values import listed

_READ = {"bool": check_type_bool, "float": check_type_float, "int": check_type_int, "list": listed}


def of_variables(role: str, known: Mapping, options: Mapping, get: Callable[[str], object]) -> dict:
    """The value of each known key that a variable of the role sets. `known` maps each key to its subkeys."""

    def read(names: Mapping[str, str]) -> dict:
        """The values of variables, by key. `names` maps keys to variables."""
        there = {name: key for name, key in names.items() if name in options}
        return {key: _READ.get(options[name]["type"], lambda value: value)(get(name)) for name, key in there.items()}

    below = {key: read({f"{role}_{key}_{name}": name for name in names}) for key, names in known.items()}
    return {key: drop_unset(found) for key, found in below.items() if found} | read(
        {f"{role}_{key}": key for key in known}
    )


def drop_unset(config: Mapping) -> dict:
    """The keys with a value. False is a value; 0 and an empty string, list or mapping mean the program's default."""
    return {key: value for key, value in config.items() if value is False or value not in ("", 0, [], {}, None)}


def unknown_keys(config: Mapping, known: Mapping) -> list[str]:
    """Paths of keys that a program does not read. `known` maps each key to its subkeys; an empty list allows any."""
    return [
        path
        for key, value in config.items()
        for path in ([str(key)] if key not in known else _unknown_below(key, value, known[key]))
    ]


def _unknown_below(key: str, value, known) -> list[str]:
    if not known or not isinstance(value, Mapping):
        return []
    return [f"{key}.{below}" for below in value if below not in known]


def close_keys(unknown: Sequence[str], known: Mapping) -> list[str]:
    """The unknown paths that look like misspelt known keys."""
    names = {*known, *(below for keys in known.values() for below in keys)}
    return [path for path in unknown if get_close_matches(path.rpartition(".")[2], names, n=1, cutoff=0.7)]


def overridden_keys(extra: Mapping, config: Mapping) -> list[str]:
    """Paths of keys in `extra` whose values differ from those in `config`."""
    return list(_overridden(extra, config, ""))


def _overridden(extra: Mapping, config: Mapping, above: str) -> Iterator[str]:
    for key, value in extra.items():
        if key not in config or value == config[key]:
            continue
        if isinstance(value, Mapping) and isinstance(config[key], Mapping):
            yield from _overridden(value, config[key], f"{above}{key}.")
        else:
            yield f"{above}{key}"


def certificate_files(certificates: Sequence[Mapping]) -> dict:
    """Paths on the controller, by their file names on the host."""
    return {name: given[end] for given, names in _named(certificates) for end, name in names.items()}


def certificates_at(certificates: Sequence[Mapping], folder: str) -> list[dict]:
    """The same pairs with their paths in the container."""
    return [{end: f"{folder}/{name}" for end, name in names.items()} for _given, names in _named(certificates)]


def _named(certificates: Sequence[Mapping]) -> Iterator[tuple[Mapping, dict]]:
    for number, given in enumerate(certificates, 1):
        yield given, {"cert_file": f"tls-{number}.pem", "key_file": f"tls-{number}.key"}


def with_foreign_trunks(rules: Sequence[Mapping], foreign: Sequence[str]) -> list[Mapping]:
    """Dispatch rules with trunks that the role does not manage: trunks named by id, or managed elsewhere."""
    return [
        rule
        for rule in rules
        if any(name in foreign or str(name).startswith("ST_") for name in rule.get("trunks") or [])
    ]
