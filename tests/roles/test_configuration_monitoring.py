# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts fire when they should and only then, and the metrics that they read exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
import requests
import yaml

from tests.images import build
from tests.support.alerts import ALERTS, COUNTED, HOSTS, METRIC, RULES, judged, of_host
from tests.support.livekit import HOST, LiveKit, free_port

CALLS_A_MINUTE = 5


@pytest.fixture(scope="module")
def promtool():
    """The path of Prometheus' promtool, from Debian's package if it is not installed."""
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


def judge(promtool, folder, file):
    shutil.copy(RULES, folder)
    (folder / "alerts.yml").write_text(yaml.safe_dump(file))
    for command in (["check", "rules", RULES.name], ["test", "rules", "alerts.yml"]):
        run = subprocess.run([promtool, *command], cwd=folder, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


def test_the_alerts_fire_when_they_should_and_not_otherwise(promtool, tmp_path):
    series = {of_host(name, host["host"]): values for host in HOSTS for name, values in host["series"].items()}
    judge(promtool, tmp_path, judged(series, [(alert, host["host"]) for host in HOSTS for alert in host["fires"]]))


ANSWERED = "answered, heard, hung up by the caller"
OUTBOUND_SILENT = "an outbound call, answered, whose audio never arrives"
NO_PASSWORD, CANCELLED = "a call without a password, challenged", "a caller who hangs up while it rings"
# The alerts on a host with only these calls, five of each per minute.
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
    # Hosts with other calls at the same time.
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
    fired = [(alert, str(number)) for number, alerts in enumerate(FIRED.values()) for alert in alerts]
    print(dict(enumerate(FIRED)))
    judge(promtool, tmp_path, judged({name: f"0+{by}x30" for name, by in series.items()}, fired))


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
