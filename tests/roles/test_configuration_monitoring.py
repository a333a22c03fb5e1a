# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts fire when they should and not otherwise, and the metrics that they read exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests
import yaml

from tests.images import build
from tests.support.livekit import HOST, LiveKit, free_port

REPOSITORY = Path(__file__).resolve().parents[2]
RULES = REPOSITORY / "roles" / "livekit_sip" / "files" / "livekit.rules.yml"
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
METRIC = re.compile(r"\b(?:up|livekit_\w+)\b(?=[{\[)\s]|$)")
DOCUMENTED = (REPOSITORY / "docs" / "monitoring.md").read_text()


@pytest.fixture(scope="module")
def promtool():
    """Prometheus's own judge, from Debian's package without installing it."""
    found = shutil.which("promtool")
    if found:
        return found
    kept = build.cache() / "promtool"
    with build.lock("promtool"), build.scratch() as folder:
        if not kept.exists():
            script = "apt-get update -qq; apt-get download -qq prometheus && dpkg-deb --extract prometheus_*.deb ."
            subprocess.run(["sh", "-c", script], cwd=folder, check=True)
            build.keep(folder / "usr" / "bin" / "promtool", kept)
    return str(kept)


def test_the_alerts_fire_when_they_should_and_not_otherwise(promtool, tmp_path):
    shutil.copy(RULES, tmp_path)
    shutil.copy(Path(__file__).with_name("alerts.yml"), tmp_path)
    for command in (["check", "rules", "livekit.rules.yml"], ["test", "rules", "alerts.yml"]):
        run = subprocess.run([promtool, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


def test_every_alert_is_expected_in_that_test():
    (case,) = yaml.safe_load(Path(__file__).with_name("alerts.yml").read_text())["tests"]
    expected = {sample["labels"] for sample in case["promql_expr_test"][0]["exp_samples"]}
    assert [rule["alert"] for rule in ALERTS if not any(rule["alert"] in labels for labels in expected)] == []


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_every_alert_and_its_metrics_are_documented(rule):
    used = {name.removesuffix("_bucket") for name in METRIC.findall(rule["expr"])}
    assert used
    assert [name for name in {*used, rule["alert"]} if f"`{name}`" not in DOCUMENTED] == []


def test_livekit_server_has_its_metrics():
    """livekit-sip's own names cannot be asked here: the stand-in for it serves none."""
    port = free_port()
    with LiveKit(config={"prometheus": {"port": port, "username": "prometheus", "password": "secret"}}) as livekit:
        livekit.twirp("SIP", "ListSIPInboundTrunk")
        url = f"http://{HOST}:{port}/metrics"
        assert requests.get(url, timeout=5).status_code == 401
        served = requests.get(url, auth=("prometheus", "secret"), timeout=5).text
    used = {name for rule in ALERTS for name in METRIC.findall(rule["expr"]) if "livekit_node_twirp" in name}
    assert used and [name for name in used if f"# TYPE {name} counter" not in served] == []
    assert re.search(r'livekit_node_twirp_request_status\{code="[^"]*"', served)
