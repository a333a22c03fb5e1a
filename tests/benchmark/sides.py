# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure two things alternately, such as this code and the code of another commit.

The load from other programs varies. It affects alternating measurements equally, and CPU time only slightly.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from livekit.protocol import sip

from tests.support.livekit import LiveKit

REPOSITORY = Path(__file__).resolve().parents[2]
# The commit with which this code is compared.
BASE = "7a2c0b9"
PAIRS = 5

_RUN = """
import resource, sys, time
from ansible_collections.telephony.livekit.plugins.modules import livekit_sip_routing
started = time.process_time()
try:
    livekit_sip_routing.main()
except SystemExit as end:
    assert not end.code
ended = time.process_time()
print(ended - started, ended, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


@dataclass(frozen=True)
class Ratio:
    """The ratio of two alternating measurements: the median, minimum and maximum of all pairs."""

    median: float
    least: float
    most: float
    pairs: int

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.least:.3g} to {self.most:.3g} in {self.pairs} pairs)"


def ratio_of(ratios: list[float]) -> Ratio:
    return Ratio(statistics.median(ratios), min(ratios), max(ratios), len(ratios))


def in_turns(one: Callable[[], float], other: Callable[[], float], pairs: int = PAIRS) -> Ratio:
    """The cost of `one` divided by the cost of `other`. The order alternates between pairs."""
    ratios = []
    for index in range(pairs):
        if index % 2:
            below = other()
            above = one()
        else:
            above = one()
            below = other()
        ratios.append(above / below)
    return ratio_of(ratios)


@dataclass(frozen=True)
class Cost:
    own: float  # seconds of CPU time without imports
    whole: float  # seconds of CPU time of the whole process
    megabytes: float  # peak memory of the process


class Code:
    """The collection in a checkout. Its livekit_sip_routing runs as a separate process, without Ansible."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.path = folder
        link = folder / "ansible_collections" / "telephony" / "livekit"
        link.parent.mkdir(parents=True)
        link.symlink_to(checkout)

    def routing(self, livekit: LiveKit, check: bool = False, **options) -> Cost:
        """The cost of a run."""
        arguments = {
            "url": livekit.url,
            "api_key": livekit.api_key,
            "api_secret": livekit.api_secret,
            "_ansible_check_mode": check,
            "_ansible_diff": False,
            **options,
        }
        return self._cost(_RUN, json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))

    def _cost(self, code: str, arguments: str) -> Cost:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(arguments)
            file.flush()
            # This path comes before the checkout's link in site-packages.
            code = f"import sys; sys.path.insert(0, {str(self.path)!r})\n{code}"
            run = subprocess.run(
                [sys.executable, "-c", code, file.name], capture_output=True, text=True, check=True, cwd=self.path
            )
        own, whole, kilobytes = run.stderr.split()[-3:]
        return Cost(float(own), float(whole), int(kilobytes) / 1024)


@contextlib.contextmanager
def both() -> Iterator[tuple[Code, Code]]:
    """The code of BASE, and this code."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder, "base")
        git = ["git", "-C", str(REPOSITORY), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(checkout), BASE], check=True)
        try:
            yield Code(checkout, Path(folder, "before")), Code(REPOSITORY, Path(folder, "now"))
        finally:
            subprocess.run([*git, "remove", "--force", str(checkout)], check=True)


def store(livekit: LiveKit, trunks: list[dict], rules: list[dict]) -> None:
    """Write objects directly to Redis, because livekit-server checks all objects whenever it stores one."""
    ids = {trunk["name"]: f"ST_{index:08d}" for index, trunk in enumerate(trunks)}
    _hset(livekit, "sip_inbound_trunk", {ids[it["name"]]: _trunk(ids[it["name"]], it) for it in trunks})
    keys = [f"SDR_{index:08d}" for index in range(len(rules))]
    _hset(livekit, "sip_dispatch_rule", {key: _rule(key, it, ids) for key, it in zip(keys, rules, strict=True)})


def _hset(livekit: LiveKit, name: str, objects: dict) -> None:
    if objects:
        words = [word for key, message in objects.items() for word in (key, message.SerializeToString().decode())]
        livekit.redis("HSET", name, *words)


def _trunk(key: str, options: dict) -> sip.SIPInboundTrunkInfo:
    return sip.SIPInboundTrunkInfo(
        sip_trunk_id=key, name=options["name"], numbers=options["numbers"], metadata=options["metadata"]
    )


def _rule(key: str, options: dict, ids: dict[str, str]) -> sip.SIPDispatchRuleInfo:
    individual = sip.SIPDispatchRuleIndividual(**options["individual"])
    return sip.SIPDispatchRuleInfo(
        sip_dispatch_rule_id=key,
        name=options["name"],
        trunk_ids=[ids[name] for name in options["trunks"]],
        rule=sip.SIPDispatchRule(dispatch_rule_individual=individual),
    )
