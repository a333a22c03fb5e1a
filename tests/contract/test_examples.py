# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation work on a real livekit-server."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
import yaml

from tests.support.playbook import Playbook

pytestmark = pytest.mark.one_server(reason="ansible-playbook hands options to modules, which other tests run there too")

REPOSITORY = Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (REPOSITORY / "plugins" / "modules").glob("livekit_*.py"))
VARIABLES = {
    "vault_office_password": "not-a-secret-1",
    "vault_twilio_password": "not-a-secret-2",
    "vault_conference_pin": "4711",
}
# Trunks that the examples of a module need but do not create.
BEFORE = {
    "livekit_sip_call_info": [{"name": "twilio", "numbers": ["+12025550100"]}],
    "livekit_sip_dispatch": [
        {"name": "twilio", "numbers": ["+12025550100"]},
        {"name": "office", "numbers": ["+12025550102"]},
    ],
    "livekit_sip_info": [{"name": "twilio", "numbers": ["+12025550100"]}],
}
LK_FILES = {
    "inbound-trunk.json": {"trunk": {"name": "twilio", "numbers": ["+12025550100"], "krispEnabled": True}},
    "dispatch-rule.json": {"dispatch_rule": {"name": "r", "rule": {"dispatchRuleIndividual": {"roomPrefix": "call-"}}}},
}


@pytest.fixture
def play(livekit, tmp_path):
    """A function that runs tasks as a playbook and returns its output."""

    def run(tasks):
        code, output = Playbook(livekit, tmp_path, tasks, **VARIABLES).run()
        assert code == 0, output
        return output

    return run


@pytest.mark.parametrize("module", MODULES)
def test_examples_of_a_module(play, modules, module):
    for trunk in BEFORE.get(module, []):
        assert modules.trunk(**trunk)["changed"]
    source = importlib.import_module(f"ansible_collections.telephony.livekit.plugins.modules.{module}")
    tasks = yaml.safe_load(source.EXAMPLES)
    assert tasks
    output = play(tasks)
    assert f"ok={len(tasks)}" in output.replace("    ", " "), output


def test_example_of_the_filter(livekit, play, tmp_path):
    for name, content in LK_FILES.items():
        (tmp_path / name).write_text(json.dumps(content))
    documentation = yaml.safe_load((REPOSITORY / "plugins" / "filter" / "from_lk.yml").read_text())
    play(yaml.safe_load(documentation["EXAMPLES"]))
    _status, trunks = livekit.twirp("SIP", "ListSIPInboundTrunk")
    assert trunks["items"][0]["krisp_enabled"]
