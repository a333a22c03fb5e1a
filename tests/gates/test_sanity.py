# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity on the whole checkout, by the ansible-test in the virtual environment of each ansible-core."""

import os
import platform
import re
import sys
from importlib.util import find_spec
from pathlib import Path

# ansible-test creates virtual environments without pip, and downloads a script that installs pip unless the script is
# in its cache. The test puts the script below there, which installs pip with Python's ensurepip.
GET_PIP = """\
import ensurepip, os, subprocess, sys
environment = dict(os.environ)  # ensurepip changes os.environ so that pip ignores its configuration
ensurepip.bootstrap(default_pip=True)
wanted = [name for name in sys.argv[1:] if name not in ("--no-setuptools", "--no-wheel")]
command = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", *wanted]
sys.exit(subprocess.call(command, env=environment))
"""


def get_pip_name():
    """The name contains the version of pip that this ansible-test requires."""
    source = Path(find_spec("ansible_test").origin).parent / "_internal" / "python_requirements.py"
    [version] = set(re.findall(r"\bpip='([0-9.]+)'", source.read_text(encoding="utf-8")))
    return f"get_pip_{version.replace('.', '_')}.py"


def test_sanity(tool, whole_checkout):
    cache = Path(os.environ.get("TELEPHONY_LIVEKIT_CACHE") or Path.home() / ".cache" / "telephony.livekit")
    # ansible-test keeps several hundred MB of files under HOME. In our cache, the next checkout finds these files.
    # The virtual environments of ansible-test work only with the Python that created them.
    home = cache / "ansible-test" / f"{sys.base_prefix.strip('/').replace('/', '-')}-{platform.python_version()}"
    script = home / ".ansible" / "test" / "cache" / get_pip_name()
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(GET_PIP)
    # Only real interpreters, because pyenv's shims fail for inactive versions.
    pythons = sorted(Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob("versions/3.*/bin"))
    path = ":".join(map(str, [Path(sys.executable).parent, *pythons, "/usr/local/bin", "/usr/bin", "/bin"]))
    tool("ansible-test", "sanity", cwd=whole_checkout, HOME=str(home), PATH=path)
