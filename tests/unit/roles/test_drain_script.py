# SPDX-License-Identifier: GPL-3.0-or-later
"""The script of the role internal_drain, which ends livekit-sip when its last call ends."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
VARIABLES = REPOSITORY / "roles" / "internal_drain" / "vars" / "main.yml"


def drain(pid, seconds, ended="", **environment):
    """The exit code of the script. It runs in its own session, so a signal to its process group kills nothing else."""
    script = yaml.safe_load(VARIABLES.read_text(encoding="utf-8"))["internal_drain_script"]
    command = ["sh", "-c", script, "drain", str(pid), str(seconds), str(ended)]
    environment = {**os.environ, **environment}
    return subprocess.run(command, start_new_session=True, check=False, timeout=60, env=environment).returncode


@pytest.fixture
def process(request):
    """A program that exits on SIGTERM, or ignores it."""
    running = subprocess.Popen(
        ["sh", "-c", f"trap '{request.param}' TERM; echo ready; while :; do sleep 0.1; done"], stdout=subprocess.PIPE
    )
    running.stdout.readline()
    yield running
    running.kill()
    running.communicate()


def test_where_there_is_no_process_there_is_nothing_to_end():
    """Docker reports process 0 while it waits before it restarts a container."""
    assert drain(0, 5) == 0


@pytest.mark.parametrize("process", [""], indirect=True)
def test_a_process_that_does_not_end_is_ended_at_the_limit(process):
    assert drain(process.pid, 0) == 124


@pytest.mark.parametrize(("ended", "told"), [(60, ["udp timeout 60s", "tcp timeout 60s"]), ("", [])])
@pytest.mark.parametrize("process", [""], indirect=True)
def test_at_its_end_new_calls_are_held_back_for_a_minute_and_no_longer(process, tmp_path, ended, told):
    """New calls are accepted again even if the run has died. The timeout is unchanged if other hosts are drained."""
    nft, said = tmp_path / "nft", tmp_path / "said"
    nft.write_text(f'#!/bin/sh\necho "$@" >{said}\n')
    nft.chmod(0o755)
    assert drain(process.pid, 0, ended, PATH=f"{tmp_path}:{os.environ['PATH']}") == 124
    rules = said.read_text() if said.exists() else ""
    assert [words for words in ("udp timeout 60s", "tcp timeout 60s") if words in rules] == told
    assert rules == "" or rules.startswith("flush set inet livekit held_back; add element")
