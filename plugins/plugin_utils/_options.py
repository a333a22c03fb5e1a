# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks a role's variables against its argument specification, with one sentence for each wrong type.

ansible-core's own validation prints the whole specification with all resolved defaults, including secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ansible.module_utils.common.validation import check_type_bool, check_type_float, check_type_int

_SCALARS = {
    "int": (check_type_int, "a whole number"),
    "float": (check_type_float, "a number"),
    "bool": (check_type_bool, "true or false"),
}


def type_problems(options: Mapping, values: Mapping) -> Iterator[str]:
    """Problems with the variables in `values`. `options` are those of an argument specification."""
    for name, value in values.items():
        if value is None:
            yield _problem(name, options[name], value, "Omit it to keep its default")
        else:
            yield from _of_value(name, options[name], value, top=True)


def _of_value(name: str, option: Mapping, value, top: bool = False) -> Iterator[str]:
    if value is None:
        return
    kind = option["type"]
    if kind == "list":
        yield from _of_list(name, option, value, top)
    elif kind == "dict":
        yield from _of_mapping(name, option, value)
    elif kind in ("str", "path") and not _is_text(value):
        yield _problem(name, option, value, "Give a string" + (", in quotes" if isinstance(value, bool) else ""))
    elif kind in _SCALARS and not _is_scalar(kind, value):
        yield _problem(name, option, value, f"Give {_SCALARS[kind][1]}")
    elif option.get("choices") and value not in option["choices"]:
        yield _problem(name, option, value, f"Give one of {', '.join(map(str, option['choices']))}")


def _of_list(name: str, option: Mapping, value, top: bool) -> Iterator[str]:
    if not _is_list(value):
        # The roles read a string or a number as a list with one item (see the filter `listed`). Other types are
        # ambiguous.
        if not (top and option["elements"] in ("str", "int", "raw") and _is_text(value)):
            yield _problem(name, option, value, "Give a list")
        return
    element = {**option, "type": option["elements"]}
    for number, item in enumerate(value, 1):
        yield from _of_value(f"{name}, entry {number}", element, item)


def _of_mapping(name: str, option: Mapping, value) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _problem(name, option, value, "Give a mapping of keys to values")
        return
    known = option.get("options")
    if not known:
        return
    unknown = [str(key) for key in value if key not in known]
    if unknown:
        names = ", ".join(f"{name}.{key}" for key in unknown)
        yield f"{names} is invalid: it is unknown. Use only {', '.join(known)}."
    for key, below in known.items():
        if value.get(key) is not None:
            yield from _of_value(f"{name}.{key}", below, value[key])
        elif below.get("required"):
            yield f"{name}.{key} is missing. Give it."


def _is_text(value) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _is_list(value) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _is_scalar(kind: str, value) -> bool:
    if isinstance(value, bool) and kind != "bool":
        return False
    try:
        _SCALARS[kind][0](value)
        return True
    except TypeError:
        return False


def _problem(name: str, option: Mapping, value, way_out: str) -> str:
    return f"{name}: {_shown(option, value)} is invalid. {way_out}."


def _shown(option: Mapping, value) -> str:
    """The value for a message, or a description if the value is long, is a collection, or may contain a secret."""
    if isinstance(value, Mapping):
        return "a mapping"
    if _is_list(value):
        return "a list"
    if option.get("no_log") or any(below.get("no_log") for below in option.get("options", {}).values()):
        return "its value"
    if value is None:
        return "null"
    text = str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 and "@" not in text else f"a string of {len(text)} characters"
