# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments for the other supported versions of ansible-core. `.venv` contains the one for Debian's Python.

`make("newest")`, `make("middle")` and `make("oldest")` create `.venv-newest` and so on, or link them to `.venv`.
All but the oldest need a newer Python than Debian 12 has, for example one from pyenv.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
NEEDED = (3, 12)  # the Python that all but the oldest core need
MIDDLE = "2.20.10"  # not in `.venv` on any Debian release


def cores():
    """The oldest and newest ansible-core in requirements.txt, and the one between them."""
    found = re.findall(r"^ansible-core==([0-9.]+)", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE)
    ordered = sorted(found, key=lambda version: [int(part) for part in version.split(".")])
    return {"oldest": ordered[0], "middle": MIDDLE, "newest": ordered[-1]}


def core_of(venv):
    command = [venv / "bin" / "python", "-c", "import ansible.release; print(ansible.release.__version__)"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return result.stdout.strip()


def version_of(python):
    """An interpreter's version, such as (3, 13), or (0, 0) if it cannot create virtual environments."""
    code = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
    try:
        result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return (0, 0)
    return tuple(map(int, result.stdout.split())) if result.returncode == 0 else (0, 0)


def newest_python():
    # pyenv's shims fail for inactive versions, so the interpreters are run directly.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [Path("/usr/bin/python3"), *Path("/usr/local/bin").glob("python3.[0-9]*[0-9]")]
    candidates += pyenv.glob("versions/3.*/bin/python3")
    best = max(candidates, key=version_of)
    return best if version_of(best) >= NEEDED else None


def install(venv, python, core):
    pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "venv", "--clear", venv], check=True)
    subprocess.run([*pip, "-r", CHECKOUT / "requirements-test.txt"], check=True)
    if core_of(venv) != core:
        subprocess.run([*pip, f"ansible-core=={core}"], check=True)
    subprocess.run([venv / "bin" / "python", CHECKOUT / "tools" / "get_collections.py"], check=True)
    (venv / ".requirements").write_text((CHECKOUT / "requirements-test.txt").read_text())


def is_current(venv, core):
    made_from = venv / ".requirements"
    wanted = (CHECKOUT / "requirements-test.txt").read_text()
    return made_from.exists() and made_from.read_text() == wanted and core_of(venv) == core


def can_make(which):
    return which == "oldest" or core_of(CHECKOUT / ".venv") == cores()[which] or newest_python() is not None


def make(which):
    """The path of the virtual environment, or None if no Python on this machine is new enough."""
    core = cores()[which]
    venv = CHECKOUT / f".venv-{which}"
    own = CHECKOUT / ".venv"
    if core_of(own) == core:
        if not venv.is_symlink():
            venv.symlink_to(own.name)
        return venv
    if not is_current(venv, core):
        python = own / "bin" / "python" if which == "oldest" else newest_python()
        if python is None:
            return None
        if venv.is_symlink():
            venv.unlink()
        install(venv, python, core)
    return venv


if __name__ == "__main__":
    print(make(sys.argv[1]) or f"This machine has no Python {'.'.join(map(str, NEEDED))} or newer.")
