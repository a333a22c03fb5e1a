# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in docs/dial-plan.md, run in order, give the output shown below them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.support.playbook import Playbook

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "dial-plan.md").read_text(encoding="utf-8")
DEFAULTS = yaml.safe_load((REPOSITORY / "roles" / "livekit_routing" / "defaults" / "main.yml").read_text())
BLOCKS = re.findall(r"^```(yaml|text)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PASSWORD = {"{{ vault_provider_password }}": "not-a-secret"}


def variables(source: str) -> dict:
    """Convert the role's variables to options of livekit_sip_routing."""
    for template, value in PASSWORD.items():
        source = source.replace(template, value)
    return {name.removeprefix("livekit_routing_"): value for name, value in yaml.safe_load(source).items()}


def without_ids(text: str) -> str:
    return re.sub(r"\b(ST|SDR)_\w+", r"\1_…", text)


@pytest.fixture
def page(modules):
    """The variables on the page, and its tasks and text blocks in order."""
    found = {"variables": {}, "tasks": [], "texts": [body for kind, body in BLOCKS if kind == "text"]}
    for source in (body for kind, body in BLOCKS if kind == "yaml"):
        content = yaml.safe_load(source)
        if isinstance(content, dict):
            found["variables"] |= variables(source)
        else:
            found["tasks"].append(content)
    of_role = DEFAULTS["livekit_routing_inbound_trunk_defaults"]
    found["variables"]["inbound_trunks"] = [{**of_role, **trunk} for trunk in found["variables"]["inbound_trunks"]]
    return found


def test_examples_give_what_stands_below_them(modules, page):
    inbound, wrong, first, second, outbound = page["texts"]
    table = page["variables"]
    sales, support = table["dispatch_rules"]

    mistaken = modules.routing(
        check=True, **{**table, "dispatch_rules": [sales, {**support, "numbers": ["12025550101"]}]}
    )
    assert mistaken["failure"]["code"] == "unexpected"
    assert mistaken["msg"].startswith(wrong.rstrip())

    assert modules.routing(check=True, **table)["diff"]["prepared"] == first
    made = modules.routing(**table)
    assert not made.get("failed"), made
    assert made["diff"]["prepared"] == first

    renamed = {**sales, "individual": {"room_prefix": "day-"}}
    later = modules.routing(check=True, **{**table, "dispatch_rules": [renamed, support]})
    assert later["diff"]["prepared"] == second

    for text, tasks in zip((inbound, outbound), page["tasks"][:2], strict=True):
        found = modules.run("livekit_sip_call_info", **tasks[0]["telephony.livekit.livekit_sip_call_info"])
        assert without_ids(found["text"]) + "\n" == text


@pytest.mark.one_server(reason="ansible-playbook hands options to modules, which other tests run there too")
def test_tasks_run_as_they_stand(livekit, modules, page, tmp_path):
    made = modules.routing(**page["variables"])
    assert not made.get("failed"), made
    tasks = [task for block in page["tasks"] for task in block]
    code, output = Playbook(livekit, tmp_path, tasks).run()
    assert code == 0, output
    assert f"ok={len(tasks)}" in output.replace("    ", " ")
