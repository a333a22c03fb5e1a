# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is PRIVATE to the collection. It can have breaking changes at any time.

"""Replaces a container and its config, or restores the previous one.

The new container is prepared under the name NAME-next, and its config files in the subfolder `.next` of the config
folder. The replacement finishes on the host even if the connection breaks. Until the new container is healthy, the
previous one is kept under the name NAME-previous and its files in the subfolder `.previous`. During that time, Docker
starts the previous container after a reboot, not the new one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

NEXT, PREVIOUS = "-next", "-previous"
STAGED, KEPT = ".next", ".previous"
LABEL = "telephony.livekit.config-sha256"
LOG_LINES, LINE_LENGTH = 25, 300
GIVE_UP_AFTER_RESTARTS = 5
PAUSES_TO_STAY_UP = 6
TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


class DockerFailed(Exception):
    """A required Docker command failed."""


class Unhealthy(Exception):
    """The container is not running or not healthy. The message gives the reason, its state and the end of its log."""


@dataclass
class Containers:
    """Docker's command line. `run(arguments)` returns exit code, standard output and standard error."""

    run: Callable[[list[str]], tuple[int, str, str]]

    def _must(self, *arguments: str) -> str:
        code, output, error = self.run(["docker", *arguments])
        if code != 0:
            raise DockerFailed(f"docker {' '.join(arguments[:-1])}: {error.strip() or output.strip()}")
        return output

    def inspect(self, name: str) -> dict | None:
        code, output, error = self.run(["docker", "container", "inspect", name])
        if code == 0:
            return json.loads(output)[0]
        if "no such container" in error.lower():
            return None
        raise DockerFailed(f"docker container inspect: {error.strip()}")

    def is_ours(self, name: str) -> bool:
        found = self.inspect(name)
        return bool(found) and LABEL in (found["Config"]["Labels"] or {})

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
    """The files of a config folder, with the prepared files in `.next` and the previous files in `.previous`."""

    def __init__(self, folder: str) -> None:
        self.folder, self.staged, self.kept = Path(folder), Path(folder) / STAGED, Path(folder) / KEPT
        self.new: list[Path] = []

    def put_in_place(self) -> None:
        if not self.staged.is_dir():
            return
        self.kept.mkdir(mode=0o700, exist_ok=True)
        # The container's user reads the files through their group, so the group changes with the container.
        os.chown(self.kept, -1, group_of(self.folder))
        os.chown(self.folder, -1, group_of(self.staged))
        for file in sorted(self.staged.iterdir()):
            place = self.folder / file.name
            if place.exists():
                place.replace(self.kept / file.name)
            else:
                self.new.append(place)
            file.replace(place)

    def put_back(self) -> None:
        for place in self.new:
            place.unlink(missing_ok=True)
        if self.kept.is_dir():
            for file in sorted(self.kept.iterdir()):
                file.replace(self.folder / file.name)
            os.chown(self.folder, -1, group_of(self.kept))
            self.kept.rmdir()

    def forget(self) -> bool:
        """Delete all but the current files. Returns whether there were any others."""
        others = [folder for folder in (self.staged, self.kept) if folder.is_dir()]
        for folder in others:
            shutil.rmtree(folder)
        return bool(others)


def group_of(folder: Path) -> int:
    return folder.stat().st_gid


@dataclass
class Swap:
    name: str
    containers: Containers
    config: Config
    trouble: Callable[[], str]  # probes the program once; returns the problem, or an empty string
    asks: bool = True  # whether trouble() sends a request; if not, the only check is that the program stays up
    stop_timeout: int = 30
    health_timeout: int = 30
    secrets: list[str] = field(default_factory=list)
    pause: float = 0.5
    starts_by_hand: int = 0  # how often this class has started the new container, which Docker does not restart yet

    def replace(self) -> None:
        """NAME-next becomes NAME. Raises Unhealthy or DockerFailed after restoring the previous container."""
        self.undo()
        runs, moved = self.containers.inspect(self.name) is not None, False
        try:
            if runs:
                # Without this, Docker would not start the stopped container if the host rebooted now.
                self.containers.restart_policy(self.name, "always")
                self.containers.stop(self.name, self.stop_timeout)
                self.containers.rename(self.name, self.name + PREVIOUS)
                moved = True
            self.config.put_in_place()
            self.containers.rename(self.name + NEXT, self.name)
            if runs:
                # Only the previous container may start after a reboot, because both use the same ports.
                self.containers.restart_policy(self.name, "no")
            self.containers.start(self.name)
            self.wait(start_again=runs)
            if runs:
                self.containers.restart_policy(self.name, "unless-stopped")
        except Exception as problem:
            if runs:
                raise self._come_back(problem, moved) from problem
            raise
        if runs:
            self.containers.remove(self.name + PREVIOUS)
        self.config.forget()

    def undo(self) -> bool:
        """Undo a replacement that a host crash interrupted, because NAME may not be healthy.

        Returns whether there was one.
        """
        if not self.containers.is_ours(self.name + PREVIOUS):
            return False
        if self.containers.inspect(self.name):
            self.containers.remove(self.name)
        self.config.put_back()
        self.containers.rename(self.name + PREVIOUS, self.name)
        return True

    def wait(self, start_again: bool = False) -> None:
        """Wait until the program in this container answers. Raises Unhealthy after the timeout.

        With `start_again`, the container is started whenever it has stopped, because Docker does not restart it.
        """
        end = time.monotonic() + self.health_timeout
        restarts_at_first = (self._state() or {}).get("RestartCount", 0)
        while True:
            before = self._state()
            trouble = self.trouble()
            after = self._state()
            if not trouble and steady(after) and before == after and (self.asks or self._stays_up()):
                return
            restarts = (after or {}).get("RestartCount", 0) - restarts_at_first + self.starts_by_hand
            if time.monotonic() > end or restarts >= GIVE_UP_AFTER_RESTARTS:
                raise Unhealthy(self._what_is_wrong(trouble))
            time.sleep(self.pause)
            if start_again and after and not after["Running"] and not after["Restarting"]:
                self.containers.start(self.name)
                self.starts_by_hand += 1

    def tidy(self) -> bool:
        """Remove the remains of a killed run if NAME is in its desired state. Returns whether there were any."""
        left = [name for name in (self.name + NEXT, self.name + PREVIOUS) if self.containers.is_ours(name)]
        for name in left:
            self.containers.remove(name)
        return self.config.forget() or bool(left)

    def _come_back(self, problem: Exception, moved: bool) -> Exception:
        try:
            if moved:
                if self.containers.inspect(self.name):
                    self.containers.remove(self.name)
                self.containers.rename(self.name + PREVIOUS, self.name)
            self.config.put_back()
            self.config.forget()
        except (DockerFailed, OSError) as worse:
            problem = Unhealthy(f"{problem}\n{worse}")
        try:
            self.containers.start(self.name)
            self.containers.restart_policy(self.name, "unless-stopped")
        except (DockerFailed, OSError) as worse:
            return Unhealthy(f"{problem}\nThe previous container could not be restarted: {worse}")
        if self._stays_up():
            return Unhealthy(f"{problem}\nThe previous container is running again with its config.")
        return Unhealthy(
            f"{problem}\nThe previous container was restarted with its config, but does not stay up either."
        )

    def _stays_up(self) -> bool:
        before = self._state()
        time.sleep(self.pause * PAUSES_TO_STAY_UP)
        return steady(before) and self._state() == before

    def _state(self) -> dict | None:
        seen = self.containers.inspect(self.name)
        if not seen:
            return None
        return {**{key: seen["State"].get(key) for key in WATCHED}, "RestartCount": seen.get("RestartCount", 0)}

    def _what_is_wrong(self, trouble: str) -> str:
        state = self._state()
        said = trouble or "it answers, but it does not stay up"
        if not state:
            return f"{said}. Docker has no container of that name."
        words = self.readable(self.containers.last_words(self.name))
        return "\n".join(
            [
                f"{said}.",
                f"State: {state['Status']}, exit code {state['ExitCode']}, "
                f"restarted {state['RestartCount'] + self.starts_by_hand} times.",
                "The last lines of its log, without secrets:",
                *(f"  {line}" for line in words),
            ]
        )

    def readable(self, log: str) -> list[str]:
        """The lines of a log without duplicates or secrets, with long lines cut off."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            log = log.replace(secret, "********")
        lines = dict.fromkeys(filter(None, TOKEN.sub("********", log).splitlines()))
        return [line if len(line) <= LINE_LENGTH else f"{line[:LINE_LENGTH]} (cut off)" for line in lines]


WATCHED = ("Status", "Running", "Restarting", "ExitCode", "StartedAt")


def steady(state: dict | None) -> bool:
    return bool(state and state["Running"] and not state["Restarting"])
