# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""One container takes another's place together with its config, or the other comes back.

The container that is to run stands ready under the name NAME-next, and its config files in the folder `.next` of the
config folder. Whatever else becomes of the run, this is done to its end on the host: until the new container is
healthy, the one before it is kept under the name NAME-previous, and Docker starts it again after a reboot.
"""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

NEXT, PREVIOUS = "-next", "-previous"
STAGED = ".next"
LOG_LINES, LINE_LENGTH = 25, 300
GIVE_UP_AFTER_RESTARTS = 5
PAUSES_TO_STAY_UP = 6
TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


class DockerFailed(Exception):
    """A command of Docker that had to work did not."""


class Unhealthy(Exception):
    """The container does not run, or not as it should: why, its state and its last words."""


@dataclass
class Containers:
    """Docker, by its command line. `run(arguments)` gives exit code, standard output and standard error."""

    run: Callable[[list[str]], tuple[int, str, str]]

    def _must(self, *arguments: str) -> str:
        code, output, error = self.run(["docker", *arguments])
        if code != 0:
            raise DockerFailed(f"docker {' '.join(arguments[:-1])}: {error.strip() or output.strip()}")
        return output

    def inspect(self, name: str) -> dict | None:
        code, output, _error = self.run(["docker", "container", "inspect", name])
        return json.loads(output)[0] if code == 0 else None

    def start(self, name: str) -> None:
        self._must("start", name)

    def stop(self, name: str, seconds: int) -> None:
        self._must("stop", "-t", str(seconds), name)

    def rename(self, name: str, new: str) -> None:
        self._must("rename", name, new)

    def remove(self, name: str) -> None:
        self._must("rm", "--force", name)

    def restart_policy(self, name: str, policy: str) -> None:
        self._must("update", "--restart", policy, name)

    def last_words(self, name: str) -> str:
        _code, output, error = self.run(["docker", "logs", "--tail", str(LOG_LINES), name])
        return output + error


class Config:
    """The files of a config folder, and those that stand ready in its folder `.next`."""

    def __init__(self, folder: str) -> None:
        self.folder, self.staged = Path(folder), Path(folder) / STAGED
        self.before: dict[Path, bytes | None] = {}

    def put_in_place(self) -> None:
        for file in sorted(self.staged.iterdir()) if self.staged.is_dir() else []:
            place = self.folder / file.name
            self.before[place] = place.read_bytes() if place.exists() else None
            file.replace(place)
        self.forget_staged()

    def put_back(self) -> None:
        for place, content in self.before.items():
            if content is None:
                place.unlink()
                continue
            returned = self.folder / f".{place.name}.returned"
            returned.touch(mode=0o600)
            os.chown(returned, place.stat().st_uid, place.stat().st_gid)
            returned.write_bytes(content)
            returned.chmod(place.stat().st_mode & 0o777)
            returned.replace(place)
        self.before = {}

    def forget_staged(self) -> bool:
        """Whether there was something to forget."""
        if not self.staged.is_dir():
            return False
        for file in self.staged.iterdir():
            file.unlink()
        self.staged.rmdir()
        return True


@dataclass
class Swap:
    name: str
    containers: Containers
    config: Config
    trouble: Callable[[], str]  # asks the program once: what is wrong with it, or nothing
    stop_timeout: int = 30
    health_timeout: int = 30
    secrets: list[str] = field(default_factory=list)
    pause: float = 0.5

    def replace(self) -> None:
        """NAME-next becomes NAME. Raises Unhealthy or DockerFailed after what ran before has come back."""
        self._heal()
        runs = self.containers.inspect(self.name) is not None
        if runs:
            # Stopped by hand, it would stay down if the host lost its power now.
            self.containers.restart_policy(self.name, "always")
            self.containers.stop(self.name, self.stop_timeout)
            self.containers.rename(self.name, self.name + PREVIOUS)
        try:
            self.config.put_in_place()
            self.containers.rename(self.name + NEXT, self.name)
            self.containers.start(self.name)
            self.wait()
        except Exception as problem:
            if runs:
                raise self._come_back(problem) from problem
            raise
        if runs:
            self.containers.remove(self.name + PREVIOUS)

    def wait(self) -> None:
        """Until the program answers, from this very container. Raises Unhealthy at the limit."""
        end = time.monotonic() + self.health_timeout
        restarts_at_first = (self._state() or {}).get("RestartCount", 0)
        while True:
            before = self._state()
            trouble = self.trouble()
            after = self._state()
            if not trouble and steady(after) and before == after:
                return
            restarts = (after or {}).get("RestartCount", 0) - restarts_at_first
            if time.monotonic() > end or restarts >= GIVE_UP_AFTER_RESTARTS:
                raise Unhealthy(self._what_is_wrong(trouble))
            time.sleep(self.pause)

    def tidy(self) -> bool:
        """Remove what a run left that was killed before its container took the place. Whether there was something."""
        left = [name for name in (self.name + NEXT, self.name + PREVIOUS) if self.containers.inspect(name)]
        for name in left:
            self.containers.remove(name)
        return self.config.forget_staged() or bool(left)

    def _heal(self) -> None:
        """Of a swap that the host did not live to see the end of."""
        if not self.containers.inspect(self.name + PREVIOUS):
            return
        if self.containers.inspect(self.name):
            self.containers.remove(self.name + PREVIOUS)
        else:
            self.containers.rename(self.name + PREVIOUS, self.name)

    def _come_back(self, problem: Exception) -> Exception:
        if self.containers.inspect(self.name):
            self.containers.remove(self.name)
        self.config.put_back()
        self.containers.rename(self.name + PREVIOUS, self.name)
        self.containers.restart_policy(self.name, "unless-stopped")
        self.containers.start(self.name)
        started = self._state()
        time.sleep(self.pause * PAUSES_TO_STAY_UP)
        if steady(started) and self._state() == started:
            return Unhealthy(f"{problem}\nWhat ran before runs again, with its config.")
        return Unhealthy(f"{problem}\nWhat ran before was started again, with its config, and does not stay up either.")

    def _state(self) -> dict | None:
        seen = self.containers.inspect(self.name)
        if not seen:
            return None
        return {**{key: seen["State"].get(key) for key in WATCHED}, "RestartCount": seen.get("RestartCount", 0)}

    def _what_is_wrong(self, trouble: str) -> str:
        state = self._state()
        said = trouble or "it answers, but it does not stay up"
        if not state:
            return f"{said}. There is no such container."
        words = self.readable(self.containers.last_words(self.name))
        return "\n".join(
            [
                f"{said}.",
                f"State: {state['Status']}, exit code {state['ExitCode']}, restarted {state['RestartCount']} times.",
                "The last lines of its log, secrets cut out:",
                *(f"  {line}" for line in words),
            ]
        )

    def readable(self, log: str) -> list[str]:
        """Each line once, without secrets, and no longer than can be read."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            log = log.replace(secret, "********")
        lines = dict.fromkeys(filter(None, TOKEN.sub("********", log).splitlines()))
        return [line if len(line) <= LINE_LENGTH else f"{line[:LINE_LENGTH]} (cut off)" for line in lines]


WATCHED = ("Status", "Running", "Restarting", "ExitCode", "StartedAt")


def steady(state: dict | None) -> bool:
    return bool(state and state["Running"] and not state["Restarting"])
