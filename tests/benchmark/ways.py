# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to write a table of trunks and rules to a server: our module, the bare API, LiveKit's SDK."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import requests
from livekit import api

from tests.support import playbook
from tests.support.livekit import ADMIN, LiveKit, token

LATENCY = 0.05


def trunk(index: int, metadata: str = "") -> dict:
    return {"name": f"trunk {index}", "numbers": [f"+{index:07d}"], "metadata": metadata}


def rule(index: int) -> dict:
    return {"name": f"rule {index}", "trunks": [f"trunk {index}"], "individual": {"room_prefix": "call"}}


class Ansible:
    """One ansible-playbook run per phase: the whole table in one task, or a loop over the same module."""

    def __init__(self, livekit: LiveKit, url: str = "") -> None:
        self.environment = {
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "task_seconds",
            "ANSIBLE_LIBRARY": str(Path(__file__).parent / "library"),
            "LIVEKIT_URL": url or livekit.url,
            "LIVEKIT_API_KEY": livekit.api_key,
            "LIVEKIT_API_SECRET": livekit.api_secret,
        }

    def nothing(self) -> float:
        """Seconds for a task whose module has the same imports as ours and does nothing."""
        return self.task("imports_only", {})[0]

    def task(self, module: str, options: dict, **more) -> tuple[float, float]:
        """Seconds for the task, and for the whole ansible-playbook run."""
        play = {
            "name": "Measure",
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "tasks": [{"name": "measured", module: options, "no_log": True, **more}],
        }
        with tempfile.TemporaryDirectory() as folder:
            path, seconds = Path(folder, "play.yml"), Path(folder, "seconds.json")
            path.write_text(json.dumps([play]))
            started = time.monotonic()
            code, output = playbook.run(
                "-i", "localhost,", "-c", "local", path, TASK_SECONDS=str(seconds), **self.environment
            )
            wall = time.monotonic() - started
            if code:
                raise RuntimeError(output[-2000:])
            return json.loads(seconds.read_text())["measured"], wall

    def table(self, trunks: list[dict], with_rules: bool = False) -> tuple[float, float]:
        options = {"inbound_trunks": trunks, "purge": True}
        if with_rules:
            options["dispatch_rules"] = [rule(index) for index in range(len(trunks))]
        return self.task("telephony.livekit.livekit_sip_routing", options)

    def loop(self, trunks: list[dict], state: str = "present") -> tuple[float, float]:
        options = {"name": "{{ item.name }}", "state": state}
        if state == "present":
            options.update({"numbers": "{{ item.numbers }}", "metadata": "{{ item.metadata }}"})
        return self.task("telephony.livekit.livekit_sip_trunk", options, loop=trunks)


class Bare:
    """The minimum number of requests, sent on one persistent connection by a client that knows the stored objects."""

    def __init__(self, livekit: LiveKit, url: str = "") -> None:
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token(livekit.api_key, livekit.api_secret, ADMIN)}"
        self.url = f"{url or livekit.url}/twirp/livekit.SIP/"

    def call(self, rpc: str, body: dict) -> dict:
        answer = self.session.post(self.url + rpc, json=body)
        answer.raise_for_status()
        return answer.json()

    def table(self, trunks: list[dict]) -> tuple[float, float]:
        """Seconds, twice, because there is no playbook around the requests."""
        started = time.monotonic()
        stored = {item["name"]: item for item in self.call("ListSIPInboundTrunk", {})["items"]}
        for wanted in trunks:
            current = stored.pop(wanted["name"], None)
            if current is None:
                self.call("CreateSIPInboundTrunk", {"trunk": wanted})
            elif current["metadata"] != wanted["metadata"]:
                replace = {**current, **wanted}
                self.call("UpdateSIPInboundTrunk", {"sip_trunk_id": current["sip_trunk_id"], "replace": replace})
        for item in stored.values():
            self.call("DeleteSIPTrunk", {"sip_trunk_id": item["sip_trunk_id"]})
        seconds = time.monotonic() - started
        return seconds, seconds

    def rules(self, count: int) -> float:
        started = time.monotonic()
        ids = {item["name"]: item["sip_trunk_id"] for item in self.call("ListSIPInboundTrunk", {})["items"]}
        for index in range(count):
            wanted = {
                "name": f"rule {index}",
                "trunk_ids": [ids[f"trunk {index}"]],
                "rule": {"dispatch_rule_individual": {"room_prefix": "call"}},
            }
            self.call("CreateSIPDispatchRule", {"dispatch_rule": wanted})
        return time.monotonic() - started


def sdk(livekit: LiveKit, trunks: list[dict]) -> float:
    """Seconds for a plain script with the official SDK, excluding the start of its process."""

    async def run():
        async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as client:
            listed = await client.sip.list_inbound_trunk(api.ListSIPInboundTrunkRequest())
            stored = {item.name: item for item in listed.items}
            for wanted in trunks:
                current = stored.pop(wanted["name"], None)
                info = api.SIPInboundTrunkInfo(**wanted)
                if current is None:
                    await client.sip.create_inbound_trunk(api.CreateSIPInboundTrunkRequest(trunk=info))
                elif current.metadata != wanted["metadata"]:
                    await client.sip.update_inbound_trunk(current.sip_trunk_id, info)
            for item in stored.values():
                await client.sip.delete_trunk(api.DeleteSIPTrunkRequest(sip_trunk_id=item.sip_trunk_id))

    started = time.monotonic()
    asyncio.run(run())
    return time.monotonic() - started
