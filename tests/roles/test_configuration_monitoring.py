# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts fire when they should and not otherwise, and the metrics that they read exist."""

from __future__ import annotations

import json
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
# What the real one counts for one call of each kind.
RECORDED = json.loads(
    (REPOSITORY / "tests" / "doubles" / "recordings" / "livekit-sip-1.11.0-metrics.json").read_text(encoding="utf-8")
)
COUNTED = {case["case"]: case["counted"] for case in RECORDED["cases"]}
SELECTOR = re.compile(r"(livekit_(?:sip|node_cpu)_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
# In livekit-sip's source, and of no call that was recorded.
NOT_RECORDED = {"auth-error", "no-rule", "no-trunk", "quota-exceeded"}
NOT_UNTIL_IT_HAPPENS = {"livekit_sip_calls_termination_failures": {"dir", "node_id"}}
CALLS_A_MINUTE = 5
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


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_livekit_sip_has_the_metrics_and_labels_that_an_alert_reads(rule):
    """As recorded: the stand-in serves no metrics."""
    served = {name: {*of["labels"]} for name, of in RECORDED["served"].items()} | NOT_UNTIL_IT_HAPPENS
    values = {
        (label, value) for counted in COUNTED.values() for one in counted for label, value in one["labels"].items()
    }
    values |= {("reason", reason) for reason in NOT_RECORDED} | {("node_type", "SIP")}
    for name, matchers in SELECTOR.findall(rule["expr"]):
        labels = served[name.removesuffix("_bucket")]
        given = MATCHER.findall(matchers)
        assert {label for label, _unused in given} <= labels
        assert {(label, value) for label, texts in given for value in texts.split("|")} <= values


ANSWERED = "answered, heard, hung up by the caller"
OUTBOUND_SILENT = "an outbound call, answered, whose audio never arrives"
NO_PASSWORD, CANCELLED = "a call without a password, challenged", "a caller who hangs up while it rings"
# The alerts of a host on which nothing but such calls is going on, five a minute of each.
FIRED = {
    (f"a call over UDP, {ANSWERED}",): set(),
    (f"a call over TCP, {ANSWERED}",): set(),
    (f"a call over TLS, {ANSWERED}",): set(),
    ("a call with the right password, answered, hung up by the caller",): set(),
    ("a call with a wrong password",): {"LivekitSipUnauthorized"},
    (NO_PASSWORD,): {"LivekitSipUnauthorized"},
    ("a call with the right PIN, answered, hung up by the caller",): set(),
    ("a call with a wrong PIN",): set(),
    (CANCELLED,): {"LivekitSipCallersGiveUp"},
    ("a call that no agent answers until ringing_timeout",): {"LivekitSipNobodyAnswers", "LivekitSipCallsFail"},
    ("a call that no rule takes",): {"LivekitSipCallsUnmatched"},
    ("a call that no rule takes (livekit-server from 1.13.8)",): {"LivekitSipCallsUnmatched"},
    ("a call whose audio never arrives",): {"LivekitSipNoAudio"},
    ("an outbound call, answered 403 Forbidden",): set(),
    ("an outbound call, answered 404 Not Found",): set(),
    ("an outbound call, answered 603 Decline",): set(),
    ("an outbound call, answered 486 Busy Here",): set(),
    ("an outbound call, answered 407 Proxy Authentication Required",): set(),
    ("an outbound call, answered 407 Proxy Authentication Required, with a wrong password",): set(),
    (OUTBOUND_SILENT,): {"LivekitSipNoAudio"},
    ("a transfer that the other side declines",): set(),
    # What somebody else does at the same time.
    (NO_PASSWORD, "an outbound call, answered 486 Busy Here"): {"LivekitSipUnauthorized"},
    (NO_PASSWORD, "a call with the right password, answered, hung up by the caller"): {"LivekitSipUnauthorized"},
    (CANCELLED, f"a call over UDP, {ANSWERED}"): {"LivekitSipCallersGiveUp"},
    (CANCELLED, *(f"a call over {transport}, {ANSWERED}" for transport in ("UDP", "TCP", "TLS"))): set(),
    (
        CANCELLED,
        *(f"an outbound call, answered {status}" for status in ("403 Forbidden", "404 Not Found", "603 Decline")),
    ): {"LivekitSipCallersGiveUp"},
}


def test_every_recorded_call_is_judged():
    assert {case for cases in FIRED for case in cases} == {*COUNTED}


def test_the_alerts_of_recorded_calls(promtool, tmp_path):
    series: dict[str, int] = {}
    for number, cases in enumerate(FIRED):
        for one in (one for case in cases for one in COUNTED[case]):
            labels = {**one["labels"], "instance": str(number)}
            name = f"{one['metric']}{{{', '.join(f'{label}={json.dumps(value)}' for label, value in labels.items())}}}"
            series[name] = series.get(name, 0) + one["by"] * CALLS_A_MINUTE
    fired = [
        {"labels": f'{{alertname="{alert}", instance="{number}"}}', "value": 1}
        for number, alerts in enumerate(FIRED.values())
        for alert in alerts
    ]
    expected = {"expr": "count by (alertname, instance) (ALERTS{alertstate='firing'})", "eval_time": "25m"}
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": f"0+{by}x30"} for name, by in series.items()],
        "promql_expr_test": [{**expected, "exp_samples": fired}],
    }
    shutil.copy(RULES, tmp_path)
    (tmp_path / "recorded.yml").write_text(
        yaml.safe_dump({"rule_files": [RULES.name], "evaluation_interval": "1m", "tests": [test]})
    )
    run = subprocess.run(
        [promtool, "test", "rules", "recorded.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr + str(dict(enumerate(FIRED)))


def test_livekit_server_has_its_metrics():
    port = free_port()
    with LiveKit(config={"prometheus": {"port": port, "username": "prometheus", "password": "secret"}}) as livekit:
        livekit.twirp("SIP", "ListSIPInboundTrunk")
        url = f"http://{HOST}:{port}/metrics"
        assert requests.get(url, timeout=5).status_code == 401
        served = requests.get(url, auth=("prometheus", "secret"), timeout=5).text
    used = {name for rule in ALERTS for name in METRIC.findall(rule["expr"]) if "livekit_node_twirp" in name}
    assert used and [name for name in used if f"# TYPE {name} counter" not in served] == []
    assert re.search(r'livekit_node_twirp_request_status\{code="[^"]*"', served)
