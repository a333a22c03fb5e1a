# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""The server as the modules see it: tables of objects to read, and single writes."""

from __future__ import annotations

from ansible.module_utils.basic import missing_required_lib

from ._client import Client, requests, sends_in_clear
from ._kinds import Kind
from ._messages import from_json
from ._module import Module
from ._order import Step


class EmptyServer:
    """Stands for a server that the same playbook run would only now create."""

    def table(self, kinds: list[Kind]) -> dict[str, list[dict]]:
        return {kind.name: [] for kind in kinds}


class Server:
    def __init__(self, module: Module, read_only: bool):
        if requests is None:
            module.fail_json(msg=missing_required_lib("requests"))
        params = module.params
        self.client = Client(
            params["url"],
            params["api_key"],
            params["api_secret"],
            params["ca_path"] or True if params["validate_certs"] else False,
            params["timeout"],
            read_only=read_only,
        )
        if sends_in_clear(params["url"]):
            module.warn(f"{params['url']} is plain http: tokens and trunk passwords cross the network in clear")

    def table(self, kinds: list[Kind]) -> dict[str, list[dict]]:
        return {
            kind.name: [_plain(kind, item) for item in self.client.call(kind.list_rpc, {}).get("items") or () if item]
            for kind in kinds
        }

    def write(self, step: Step, key: str, body: dict | None) -> dict:
        """What the server now stores, as it says."""
        kind = step.kind
        if step.action == "create":
            return _plain(kind, self.client.call(kind.create_rpc, {kind.wrapper: body}))
        if step.action == "replace":
            return _plain(kind, self.client.call(kind.update_rpc, {kind.id_field: key, "replace": body}))
        return self.client.call(kind.delete_rpc, {kind.id_field: key})


def _plain(kind: Kind, item: dict) -> dict:
    """livekit-server answers with snake_case keys; some proxies before it do not."""
    return from_json(kind.fields, item) if any(key != key.lower() for key in item) else item
