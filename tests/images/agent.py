# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the demo agent for machines and tests without an image registry, and keep it in the cache of build.py.

packages()   a folder for PYTHONPATH with the requirements of the role livekit_agent, for Debian's Python
image()      a container image with Debian's Python, these packages and the agent; needs Docker

    python tests/images/agent.py

prints one JSON object, as build.py does. The Dockerfile next to the requirements builds the real image.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.images import build

DEMO = Path(__file__).resolve().parents[2] / "roles" / "livekit_agent" / "files" / "demo"
REQUIREMENTS = DEMO / "requirements.txt"
AGENT = DEMO / "agent.py"
PYTHON = "/usr/bin/python3"


def packages() -> Path:
    command = [PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    version = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    path = build.cache() / "agent" / build.digest(platform.machine(), version, REQUIREMENTS)
    if path.exists():
        return path
    with build.lock("agent"), build.scratch() as folder:
        if path.exists():
            return path
        build.say("Installing livekit-agents for the demo agent (once, 350 MB)")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", str(folder / "agent")]
        pip += ["--python-version", version, "--only-binary", ":all:", "--requirement", str(REQUIREMENTS)]
        subprocess.run(pip, check=True)
        # The image's root is read-only, and without compiled files the agent takes ten seconds to start.
        subprocess.run([PYTHON, "-m", "compileall", "-q", str(folder / "agent")], check=True)
        return build.keep(folder / "agent", path)


def from_debian(tar: tarfile.TarFile, folder: Path) -> None:
    root = build.debian(folder, "dash", "libstdc++6", "python3")
    shell = root / "usr/bin/sh"
    shell.unlink(missing_ok=True)  # Debian 13 ships it in the package
    shell.symlink_to("dash")
    build.add(tar, root)
    build.add(tar, packages(), "agent/packages/")
    tar.add(AGENT, f"agent/{AGENT.name}")


def image() -> dict[str, str]:
    changes = ["ENV PYTHONPATH=/agent/packages", "WORKDIR /agent", f'CMD ["python3", "{AGENT.name}", "start"]']
    codename = platform.freedesktop_os_release()["VERSION_CODENAME"]
    return build.image("livekit-agent", [codename, build.DEBIAN, REQUIREMENTS, AGENT], changes, from_debian)


if __name__ == "__main__":
    print(json.dumps({"livekit_agent": image()}))
