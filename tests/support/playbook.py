# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the real ansible-playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def start(*arguments: str | Path, checkout: Path = REPOSITORY, **environment: str) -> subprocess.Popen:
    """Start ansible-playbook in a checkout; its standard output includes standard error."""
    return subprocess.Popen(
        [Path(sys.executable).parent / "ansible-playbook", *arguments],
        cwd=checkout,
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(checkout / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*arguments: str | Path, checkout: Path = REPOSITORY, **environment: str) -> tuple[int, str]:
    """Run ansible-playbook, and return its exit code and output."""
    running = start(*arguments, checkout=checkout, **environment)
    output, _unused = running.communicate()
    return running.returncode, output


class Playbook:
    """A playbook that runs tasks on localhost against one livekit-server."""

    def __init__(self, livekit, folder: Path, tasks: list[dict], **variables) -> None:
        path = folder / "play.yml"
        play = {
            "name": "Play",
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable, **variables},
            "tasks": tasks,
        }
        path.write_text(json.dumps([play]))
        self.arguments = ("-i", "localhost,", "-c", "local", path)
        self.environment = {
            "LIVEKIT_URL": livekit.url,
            "LIVEKIT_API_KEY": livekit.api_key,
            "LIVEKIT_API_SECRET": livekit.api_secret,
        }

    def start(self, *arguments: str) -> subprocess.Popen:
        return start(*arguments, *self.arguments, **self.environment)

    def run(self, *arguments: str) -> tuple[int, str]:
        return run(*arguments, *self.arguments, **self.environment)
