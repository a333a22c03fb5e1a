# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of loading the filters and tests: Ansible loads all of them in each task that uses one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
LOADED = """
import importlib, json, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
print(json.dumps(sorted(sys.modules)))
"""
# Each takes tens to hundreds of milliseconds to import.
EXPENSIVE = {
    "requests",
    "ansible.module_utils.basic",
    "ansible_collections.telephony.livekit.plugins.module_utils._fields",
}


@pytest.mark.parametrize("kind", ["filter", "test"])
def test_nothing_expensive_is_loaded(kind):
    paths = (REPOSITORY / "plugins" / kind).glob("*.py")
    modules = [f"ansible_collections.telephony.livekit.plugins.{kind}.{path.stem}" for path in paths]
    assert len(modules) > 5
    run = [sys.executable, "-c", LOADED, *modules]
    environment = {"PYTHONPATH": str(REPOSITORY / ".collections")}
    loaded = json.loads(subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout)
    assert set(modules) <= set(loaded)
    assert EXPENSIVE.isdisjoint(loaded)
