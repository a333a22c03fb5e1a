# SPDX-License-Identifier: GPL-3.0-or-later
"""Each alert fires in a test, and its metrics are documented and served by livekit-sip."""

from __future__ import annotations

import re

import pytest

from tests.support.alerts import ALERTS, COUNTED, HOSTS, RECORDED, REPOSITORY, metrics
from tests.support.places import only

SELECTOR = re.compile(r"(livekit_(?:sip|node_cpu)_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
# Reasons in livekit-sip's source that no recorded call has.
NOT_RECORDED = {"auth-error", "no-rule", "no-trunk", "quota-exceeded"}
NOT_UNTIL_IT_HAPPENS = {"livekit_sip_calls_termination_failures": {"dir", "node_id"}}
PAGE = REPOSITORY / "docs" / "monitoring.md"


def test_each_alert_fires_on_a_host_of_the_tests():
    only(
        {alert for host in HOSTS for alert in host["fires"]},
        {rule["alert"] for rule in ALERTS},
        "tests/roles/alerts.yml, a host on which there fires",
    )


def test_what_an_alert_reads_is_documented():
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text().partition("| Metric |")[2], re.MULTILINE)
    only(rows, {name for rule in ALERTS for name in metrics(rule)}, "docs/monitoring.md, table of metrics")


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_livekit_sip_has_the_metrics_and_labels_that_an_alert_reads(rule):
    """The metrics come from a recording, because the stand-in serves none."""
    served = {name: {*of["labels"]} for name, of in RECORDED["served"].items()} | NOT_UNTIL_IT_HAPPENS
    values = {
        (label, value) for counted in COUNTED.values() for one in counted for label, value in one["labels"].items()
    }
    values |= {("reason", reason) for reason in NOT_RECORDED} | {("node_type", "SIP")}
    for name, matchers in SELECTOR.findall(rule["expr"]):
        assert name.removesuffix("_bucket") in served, f"livekit-sip serves no {name}"
        labels = served[name.removesuffix("_bucket")]
        given = MATCHER.findall(matchers)
        assert {label for label, _unused in given} <= labels, f"{name} has only the labels {', '.join(labels)}"
        unknown = {(label, value) for label, texts in given for value in texts.split("|")} - values
        assert not unknown, f"livekit-sip was never seen to give {unknown}; if it does, name it in NOT_RECORDED"
