# SPDX-License-Identifier: GPL-3.0-or-later
"""Run tests on another ansible-core in a Debian 13 container, for machines whose Python is too old.

    python tools/in_debian13.py newest|middle STAGE TEST...

The container gets a copy of the files that Git does not ignore, and writes its results to tests/output.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(CHECKOUT))
from tests.images import hosts  # noqa: E402

SCRIPT = """\
set -eu
mkdir /checkout
tar -C /checkout -x
cd /checkout
git init -q
make .venv/.ready-for-tests
core=$1
shift
.venv/bin/python tools/other_cores.py "$core"
".venv-$core/bin/pytest" "$@"
"""
# Settings for proxies, certificates and package registries, which the container needs as well.
PASSED_ON = re.compile(r"^(PIP_|UV_|SSL_CERT_|REQUESTS_CA_BUNDLE|https?_proxy|no_proxy)", re.IGNORECASE)


def mounts():
    """Certificates and package folders that the environment names, and pip's configuration."""
    named = {value for name, value in os.environ.items() if PASSED_ON.match(name) and value.startswith("/")}
    return [path for path in sorted(named | {"/etc/pip.conf"}) if Path(path).exists()]


def main(core, stage, *tests):
    results = CHECKOUT / "tests" / "output"
    cache = hosts.cache()
    command = ["docker", "run", "--rm", "--interactive", "--entrypoint", "/bin/sh"]
    command += [f"--env={name}" for name in os.environ if PASSED_ON.match(name)]
    command += [f"--volume={path}:{path}:ro" for path in mounts()]
    command += [f"--volume={results}:/results", f"--volume={cache}:/cache", "--env=TELEPHONY_LIVEKIT_CACHE=/cache"]
    install = "apt-get -qq update && apt-get -qq install -y --no-install-recommends git make >/dev/null\n"
    command += [hosts.image("host-debian13"), "-c", install + SCRIPT, "tests", core]
    command += [*tests, f"--junit-xml=/results/{stage}.xml"]
    return subprocess.run(command, input=packed(), check=False).returncode


def packed():
    """The files that Git does not ignore, as a tar archive."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    ).stdout.split(b"\0")
    present = [name for name in listed if name and os.path.lexists(CHECKOUT / os.fsdecode(name))]
    pack = ["tar", "-C", CHECKOUT, "-c", "--null", "-T", "-"]
    return subprocess.run(pack, input=b"\0".join(present), capture_output=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
