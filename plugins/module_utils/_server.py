# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The server as the modules see it: tables to read, and individual writes."""

from __future__ import annotations

from functools import cache

from ansible.module_utils.basic import missing_required_lib

from ._answers import odd_answer
from ._client import Client, requests
from ._connection import problems, sends_in_clear, verification
from ._fields import Text
from ._invalid import warning
from ._kinds import Kind
from ._messages import from_json
from ._module import Module, fail
from ._order import Step
from ._written import shape


class EmptyServer:
    """Stands in for a server that the same playbook run would create."""

    def table(self, kinds: list[Kind]) -> dict[str, list[dict]]:
        return {kind.name: [] for kind in kinds}


class Server:
    def __init__(self, module: Module, read_only: bool):
        if requests is None:
            module.fail_json(msg=missing_required_lib("requests"))
        params = module.params
        found = problems(params)
        if found:
            fail(module, "invalid", " ".join(found))
        self.client = Client(
            params["url"],
            params["api_key"],
            params["api_secret"],
            verification(params),
            params["timeout"],
            read_only=read_only,
        )
        if sends_in_clear(params["url"]):
            module.warn(warning("in_clear", url=params["url"]))

    def table(self, kinds: list[Kind]) -> dict[str, list[dict]]:
        return {kind.name: self._listed(kind) for kind in kinds}

    def _listed(self, kind: Kind) -> list[dict]:
        items = self.client.call(kind.list_rpc, {}).get("items") or []
        if not isinstance(items, list):
            raise odd_answer(kind.list_rpc, self.client.url, "without a list of items")
        return [self._stored(kind, kind.list_rpc, item) for item in items]

    def write(self, step: Step, key: str, body: dict | None) -> dict:
        """The stored object, as the server returns it."""
        kind = step.kind
        if step.action == "create":
            answer = self.client.call(kind.create_rpc, {kind.wrapper: body})
            return self._stored(kind, kind.create_rpc, answer)
        if step.action == "replace":
            answer = self.client.call(kind.update_rpc, {kind.id_field: key, "replace": body})
            return self._stored(kind, kind.update_rpc, answer)
        return self.client.call(kind.delete_rpc, {kind.id_field: key})

    def _stored(self, kind: Kind, rpc: str, item: dict) -> dict:
        """The answer as a stored object. Raises LiveKitError if it is not one."""
        if not isinstance(item, dict):
            raise odd_answer(rpc, self.client.url, f"with a {shape(item)} instead of an object")
        stored = _plain(kind, item)
        if not isinstance(stored.get(kind.id_field), str) or not stored[kind.id_field]:
            raise odd_answer(rpc, self.client.url, f"with an object that has no {kind.id_field}")
        for name, expected in _shapes(kind):
            value = stored.get(name)
            if value is not None and not isinstance(value, expected):
                raise odd_answer(rpc, self.client.url, f"with an object whose {name} is a {shape(value)}")
        return stored


@cache
def _shapes(kind: Kind) -> list[tuple[str, type]]:
    """The expected JSON types of the fields that are strings, lists or dictionaries."""
    types = [(field.name, str if isinstance(field.type, Text) else type(field.type.empty)) for field in kind.fields]
    return [(name, expected) for name, expected in types if expected in (str, list, dict)]


def _plain(kind: Kind, item: dict) -> dict:
    """The answer with snake_case keys: livekit-server uses them, but some proxies in front of it do not."""
    return from_json(kind.fields, item) if any(key != key.lower() for key in item) else item
