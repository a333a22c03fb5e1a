# SPDX-License-Identifier: GPL-3.0-or-later
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
NOT_SHIPPED = (".", "extensions/", "molecule/", "tests/", "tools/")


@pytest.fixture(scope="session")
def tool():
    """Run a program from this virtual environment, and show its output if it fails."""

    def run(*command, cwd=CHECKOUT, **environment):
        programs = Path(sys.executable).parent
        result = subprocess.run(
            [programs / command[0], *map(str, command[1:])],
            cwd=cwd,
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "NO_COLOR": "1", **environment},
            text=True,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert result.returncode == 0, f"{' '.join(map(str, command))}\n{result.stdout}"
        return result.stdout

    return run


@pytest.fixture(scope="session")
def whole_checkout(tmp_path_factory):
    """A copy of the files that Git does not ignore, at the path that ansible-test requires."""
    return copy(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="session")
def copied(tmp_path_factory):
    """A copy of the files for the archive, at such a path."""
    return copy(tmp_path_factory.mktemp("copied"), NOT_SHIPPED)


def copy(folder, without=()):
    root = folder / "ansible_collections" / "telephony" / "livekit"
    listed = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=CHECKOUT, text=True
    )
    for name in filter(None, listed.split("\0")):
        source, target = CHECKOUT / name, root / name
        if name.startswith(without) or source.is_symlink() or not source.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        target.chmod(source.stat().st_mode)
    return root
