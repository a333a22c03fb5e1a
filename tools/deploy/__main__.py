# SPDX-License-Identifier: GPL-3.0-or-later
"""`make deploy` and `make teardown`: turn this machine into a phone line, and undo it."""

import json
import os
import re
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from . import images, playbook, settings, summary

STORE = playbook.INVENTORY / "group_vars" / "all" / "zz_deploy.yml"
# This file exists if the machine runs the demo agent, and puts the machine in the group livekit_agent.
AGENT_GROUP = playbook.INVENTORY / "zz_deploy.yml"
DEMO_AGENT = playbook.CHECKOUT / "roles" / "livekit_agent" / "files" / "demo"
PLAYBOOKS = Path(__file__).parent / "playbooks"


def say(message):
    print(f"\n==> {message}", flush=True)


def deploy(environment):
    stored = settings.load(STORE)
    wanted = settings.update(stored, environment)
    agent = settings.parse_agent(environment.get("AGENT", ""))
    settings.store(STORE, wanted)
    if agent:
        settings.store(AGENT_GROUP, {"livekit_agent": {"hosts": {"localhost": None}}})

    say("Docker")
    changed, _facts = playbook.run(PLAYBOOKS / "docker.yml")
    say("Images")
    settings.store(STORE, settings.without_images(wanted) | image_variables(wanted.get(settings.CHOSEN, {})))
    say("The phone line")
    more, facts = playbook.run(playbook.CHECKOUT / "playbooks" / "site.yml")
    print("\n" + summary.render(facts, changed + more))


def image_variables(chosen):
    """Role variables for the chosen images and, if a real image is unavailable, for a running or locally built one."""
    parts, agent = wanted_images()
    parts = [
        replace(part, image=chosen[part.part], archive="", chosen=True) if part.part in chosen else part
        for part in parts
    ]
    daemon = images.Docker()
    missing, kept = images.missing(parts, daemon, print)
    variables = images.plain_variables(chosen | kept)
    if missing:
        print(f"No registry answers. Building images on this machine: {', '.join(missing)}. This may take minutes.")
        if "livekit_sip" in missing:
            print("livekit-sip will be a STAND-IN, for trials only.")
        from tests.images import build  # not part of an installed collection

        variables |= images.fallback_variables(missing, build.images())
    elif not kept:
        print("All three images are the real ones.")
    if AGENT_GROUP.exists() and not agent.image:
        variables |= demo_agent_variables(daemon)
    return variables


def demo_agent_variables(daemon):
    base = re.search(r"^FROM (.+)$", (DEMO_AGENT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)[1]
    if images.can_be_had(base, daemon, print):
        return {"livekit_agent_image": "demo"}
    print("No registry answers. The demo agent runs from an image BUILT ON THIS MACHINE with Debian's Python.")
    from tests.images import agent

    return images.fallback_variables(["livekit_agent"], {"livekit_agent": agent.image()})


def wanted_images():
    """The desired images, not those of an earlier fallback, so that a registry that answers again is used."""
    with tempfile.TemporaryDirectory() as scratch:
        inventory = Path(scratch) / "inventory"
        shutil.copytree(playbook.INVENTORY, inventory, ignore=shutil.ignore_patterns(STORE.name))
        answer = Path(scratch) / "images.json"
        playbook.run(PLAYBOOKS / "images.yml", variables={"answer_file": str(answer)}, inventory=inventory, quiet=True)
        *parts, agent = (images.Wanted(**part) for part in json.loads(answer.read_text(encoding="utf-8")))
        return parts, agent


def teardown(environment):
    purge = environment.get("PURGE", "") not in ("", "0", "false", "no")
    data = ("livekit_redis", "livekit_server")
    changed, _facts = playbook.run(
        playbook.CHECKOUT / "playbooks" / "teardown.yml",
        variables={f"{role}_purge_data": True for role in data} if purge else None,
    )
    print("\nThe phone line was removed." if changed else "\nNothing changed: this machine had no phone line.")
    if purge:
        STORE.unlink(missing_ok=True)
        AGENT_GROUP.unlink(missing_ok=True)
        print("Kept: Docker and the images.")
    else:
        print(f"Kept: Docker, the images, Redis's volume (all trunks and rules), the keys, {STORE.name}.")
        print("make teardown PURGE=1 also removes the data, the keys and the stored numbers.")


COMMANDS = {"deploy": deploy, "teardown": teardown}


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        sys.exit("usage: python -m tools.deploy deploy|teardown")
    if os.geteuid() != 0:
        sys.exit("This command changes the machine (Docker, firewall, /etc/livekit). Run it as root.")
    try:
        COMMANDS[arguments[0]](os.environ)
    except settings.InvalidSetting as error:
        sys.exit(f"\n{error} Nothing was changed.")
    except images.ImageUnavailable as error:
        sys.exit(f"\n{error}")
    except playbook.PlaybookFailed as error:
        sys.exit(
            f"\nFAILED: {error}. The first 'fatal:' above names the task and the reason. "
            "Fix the cause and run the same command again. It continues where it stopped."
        )


if __name__ == "__main__":
    main(sys.argv[1:])
