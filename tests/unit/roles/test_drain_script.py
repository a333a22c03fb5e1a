# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role internal_drain runs on the host to end livekit-sip with its last call."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
VARIABLES = REPOSITORY / "roles" / "internal_drain" / "vars" / "main.yml"


def drain(pid, seconds, ended="", **environment):
    """The exit code. In a session of its own, so that a signal to its group would end it and nothing else."""
    script = yaml.safe_load(VARIABLES.read_text(encoding="utf-8"))["internal_drain_script"]
    command = ["sh", "-c", script, "drain", str(pid), str(seconds), str(ended)]
    environment = {**os.environ, **environment}
    return subprocess.run(command, start_new_session=True, check=False, timeout=60, env=environment).returncode


@pytest.fixture
def process(request):
    """A program that ends on SIGTERM, or one that does not."""
    running = subprocess.Popen(
        ["sh", "-c", f"trap '{request.param}' TERM; echo ready; while :; do sleep 0.1; done"], stdout=subprocess.PIPE
    )
    running.stdout.readline()
    yield running
    running.kill()
    running.communicate()


def test_where_there_is_no_process_there_is_nothing_to_end():
    """Docker shows process 0 while it waits before it starts a container again."""
    assert drain(0, 5) == 0


@pytest.mark.parametrize("process", [""], indirect=True)
def test_a_process_that_does_not_end_is_ended_at_the_limit(process):
    assert drain(process.pid, 0) == 124


@pytest.mark.parametrize(("ended", "told"), [(60, ["udp timeout 60s", "tcp timeout 60s"]), ("", [])])
@pytest.mark.parametrize("process", [""], indirect=True)
def test_at_its_end_new_calls_are_held_back_for_a_minute_and_no_longer(process, tmp_path, ended, told):
    """Unless other hosts' calls have to end, too: the run that would let new calls in may be dead."""
    nft, said = tmp_path / "nft", tmp_path / "said"
    nft.write_text(f'#!/bin/sh\necho "$@" >{said}\n')
    nft.chmod(0o755)
    assert drain(process.pid, 0, ended, PATH=f"{tmp_path}:{os.environ['PATH']}") == 124
    rules = said.read_text() if said.exists() else ""
    assert [words for words in ("udp timeout 60s", "tcp timeout 60s") if words in rules] == told
    assert rules == "" or rules.startswith("flush set inet livekit held_back; add element")
