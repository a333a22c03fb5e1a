# SPDX-License-Identifier: GPL-3.0-or-later
"""Run playbooks from this checkout and return their changes."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
INVENTORY = CHECKOUT / "inventories" / "local"


class PlaybookFailed(Exception):
    """A playbook failed, and Ansible has printed the reason."""


def run(*playbooks, variables=None, inventory=INVENTORY, quiet=False):
    """Run playbooks one after the other with one ansible-playbook command.

    Returns the names of the changed tasks, and the facts for the summary of the playbook site.
    """
    with tempfile.TemporaryDirectory() as scratch:
        record = Path(scratch) / "record.json"
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "--inventory", str(inventory)]
        if variables:
            command += ["--extra-vars", json.dumps(variables)]
        command += map(str, playbooks)
        result = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=environment(record),
            text=True,
            check=False,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
        )
        if result.returncode:
            if quiet:
                print(result.stdout)
            raise PlaybookFailed(
                f"{' and '.join(path.name for path in playbooks)} ended with exit code {result.returncode}"
            )
        said = json.loads(record.read_text(encoding="utf-8"))
        return said["changed"], said["summary"]


def environment(record):
    return {
        **os.environ,
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback"),
        "ANSIBLE_STDOUT_CALLBACK": "deploy",
        # Only changes and failures are shown. ANSIBLE_DISPLAY_OK_HOSTS=true shows every task.
        "ANSIBLE_DISPLAY_OK_HOSTS": os.environ.get("ANSIBLE_DISPLAY_OK_HOSTS", "false"),
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        "TELEPHONY_LIVEKIT_RECORD": str(record),
    }
