# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts in livekit.rules.yml, and the hosts in tests/roles/alerts.yml on which they fire."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
RULES = REPOSITORY / "roles" / "livekit_sip" / "files" / "livekit.rules.yml"
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
METRIC = re.compile(r"\b(?:up|livekit_\w+)\b(?=[{\[)\s]|$)")
HOSTS = yaml.safe_load((REPOSITORY / "tests" / "roles" / "alerts.yml").read_text())
# The metrics that the real livekit-sip counts for one call of each kind.
RECORDED = json.loads(
    (REPOSITORY / "tests" / "doubles" / "recordings" / "livekit-sip-1.11.0-metrics.json").read_text(encoding="utf-8")
)
COUNTED = {case["case"]: case["counted"] for case in RECORDED["cases"]}


def metrics(rule: dict) -> set[str]:
    return {name.removesuffix("_bucket") for name in METRIC.findall(rule["expr"])}


def judged(series: dict[str, str], fired: list[tuple[str, str]]) -> dict:
    """A file for `promtool test rules`: with these series, only these pairs of alert and host fire after 25 minutes."""
    samples = [{"labels": f'{{alertname="{alert}", instance="{host}"}}', "value": 1} for alert, host in fired]
    expected = {"expr": "count by (alertname, instance) (ALERTS{alertstate='firing'})", "eval_time": "25m"}
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{**expected, "exp_samples": samples}],
    }
    return {"rule_files": [RULES.name], "evaluation_interval": "1m", "tests": [test]}


def of_host(series: str, host: str) -> str:
    name, _brace, labels = series.partition("{")
    return f'{name}{{instance="{host}"{", " if labels else "}"}{labels}'
