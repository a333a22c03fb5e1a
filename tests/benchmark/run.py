# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench`: the modules beside the bare API, an Ansible loop and LiveKit's SDK, against one real livekit-server.

Everything is measured side by side in one run, since machines differ and vary; what counts are the ratios. The results
go to docs/benchmark.md, docs/benchmark.svg and docs/benchmark.json.

    python tests/benchmark/run.py [largest n]
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

import requests  # noqa: E402
from livekit import api  # noqa: E402

from tests.benchmark import report  # noqa: E402
from tests.benchmark.far_away import FarAway  # noqa: E402
from tests.support import playbook  # noqa: E402
from tests.support.livekit import ADMIN, LiveKit, token  # noqa: E402

SIZES = [1, 100, 1_000, 10_000]
MOST_RULES = 1_000
MOST_LOOPED = 100
PHASES = ["create", "change 1 %", "nothing to change", "remove"]
LATENCY = 0.05


def trunk(index: int, metadata: str = "") -> dict:
    return {"name": f"trunk {index}", "numbers": [f"+{index:07d}"], "metadata": metadata}


def rule(index: int) -> dict:
    return {"name": f"rule {index}", "trunks": [f"trunk {index}"], "individual": {"room_prefix": "call"}}


def tables(size: int) -> dict[str, list[dict]]:
    """Phase -> the trunks that are to be there after it."""
    trunks = [trunk(index) for index in range(size)]
    changed = [trunk(index, "new") if index < max(1, size // 100) else trunk(index) for index in range(size)]
    return {"create": trunks, "change 1 %": changed, "nothing to change": changed, "remove": []}


class Ansible:
    """One ansible-playbook run a phase: the whole table in one task, or a loop over the same module."""

    def __init__(self, livekit: LiveKit, url: str = "") -> None:
        self.environment = {
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "task_seconds",
            "LIVEKIT_URL": url or livekit.url,
            "LIVEKIT_API_KEY": livekit.api_key,
            "LIVEKIT_API_SECRET": livekit.api_secret,
        }

    def floor(self) -> float:
        """Seconds of a task whose module does nothing at all."""
        return statistics.median(self.task("ansible.builtin.ping", {})[0] for _ in range(5))

    def task(self, module: str, options: dict, **more) -> tuple[float, float]:
        """Seconds of the task alone, and of the whole ansible-playbook."""
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
    """The fewest calls that do the job, over one kept-alive connection, by somebody who knows what is stored."""

    def __init__(self, livekit: LiveKit, url: str = "") -> None:
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token(livekit.api_key, livekit.api_secret, ADMIN)}"
        self.url = f"{url or livekit.url}/twirp/livekit.SIP/"

    def call(self, rpc: str, body: dict) -> dict:
        answer = self.session.post(self.url + rpc, json=body)
        answer.raise_for_status()
        return answer.json()

    def table(self, trunks: list[dict]) -> float:
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
        return time.monotonic() - started

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
    """What a plain script on the official SDK does, one process included in neither side."""

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


def interpreter_start() -> float:
    """Seconds to start Python with what any module imports."""
    command = [sys.executable, "-c", "import requests, ansible.module_utils.basic"]

    def once():
        started = time.monotonic()
        subprocess.run(command, check=True)
        return time.monotonic() - started

    return statistics.median(once() for _ in range(5))


def own_process(livekit: LiveKit, trunks: list[dict], check: bool) -> tuple[float, float]:
    """Seconds of CPU that the module takes, imports apart, and megabytes that its process takes at most."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as arguments:
        options = {
            "url": livekit.url,
            "api_key": livekit.api_key,
            "api_secret": livekit.api_secret,
            "inbound_trunks": trunks,
            "_ansible_check_mode": check,
            "_ansible_diff": False,
        }
        json.dump({"ANSIBLE_MODULE_ARGS": options}, arguments)
        arguments.flush()
        code = (
            "import resource, sys, time\n"
            "from ansible_collections.telephony.livekit.plugins.modules import livekit_sip_routing\n"
            "started = time.process_time()\n"
            "try:\n    livekit_sip_routing.main()\n"
            "except SystemExit as end:\n    assert not end.code\n"
            "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "print(time.process_time() - started, peak, file=sys.stderr)\n"
        )
        run = subprocess.run(
            [sys.executable, "-c", code, arguments.name], capture_output=True, text=True, check=True, cwd=REPOSITORY
        )
        seconds, kilobytes = run.stderr.split()[-2:]
        return float(seconds), int(kilobytes) / 1024


def measure(livekit: LiveKit, sizes: list[int]) -> dict:
    ours, bare = Ansible(livekit), Bare(livekit)
    found = {"start": interpreter_start(), "floor": ours.floor(), "trunks": {}, "rules": {}, "own": {}}
    for size in sizes:
        rows = found["trunks"][size] = {phase: {} for phase in PHASES}
        for name in ("bare", "ours", "sdk", "loop"):
            if name == "loop" and size > MOST_LOOPED:
                continue
            livekit.flush()
            for phase, trunks in tables(size).items():
                if name == "bare":
                    rows[phase]["bare"] = bare.table(trunks)
                elif name == "ours":
                    rows[phase]["ours"], rows[phase]["ours_wall"] = ours.table(trunks)
                    if phase == "nothing to change":
                        runs = 20 if size < MOST_RULES else 5
                        found["own"][size] = min(own_process(livekit, trunks, check=False)[0] for _ in range(runs))
                elif name == "sdk":
                    rows[phase]["sdk"] = sdk(livekit, trunks)
                elif trunks:
                    rows[phase]["loop"], rows[phase]["loop_wall"] = ours.loop(trunks)
                else:
                    rows[phase]["loop"], rows[phase]["loop_wall"] = ours.loop(tables(size)["create"], "absent")
            print(f"{size} trunks, {name}: " + ", ".join(f"{p} {rows[p][name]:.2f} s" for p in PHASES), flush=True)
        if size <= MOST_RULES:
            livekit.flush()
            bare.table(tables(size)["create"])
            seconds = {"bare": bare.rules(size)}
            livekit.flush()
            bare.table(tables(size)["create"])
            seconds["ours"], seconds["ours_wall"] = ours.table(tables(size)["create"], with_rules=True)
            found["rules"][size] = seconds
            print(f"{size} rules: bare {seconds['bare']:.2f} s, ours {seconds['ours']:.2f} s", flush=True)
    livekit.flush()
    found["memory"] = {size: own_process(livekit, tables(size)["create"], check=True)[1] for size in sizes}
    with FarAway(livekit, LATENCY) as far:
        livekit.flush()
        near_bare = Bare(livekit, far.url).table(tables(100)["create"])
        livekit.flush()
        far_ours, _wall = Ansible(livekit, far.url).table(tables(100)["create"])
        found["far"] = {"latency": LATENCY, "bare": near_bare, "ours": far_ours}
        print(f"100 trunks, {LATENCY * 1000:.0f} ms away: bare {near_bare:.2f} s, ours {far_ours:.2f} s", flush=True)
    return found


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    with LiveKit() as livekit:
        found = measure(livekit, [size for size in SIZES if size <= largest])
    report.write(found, REPOSITORY / "docs")


if __name__ == "__main__":
    main()
