# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image each of the three programs runs: the real one wherever it can be had, else one built on this machine.

Built here means: Redis from Debian's package, livekit-server from its own source, and for livekit-sip, which no package
registry carries, a stand-in. Only `make deploy` falls back, for trying out; `site.yml` never does.
"""

from dataclasses import dataclass

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

# How the person who calls `make deploy` chooses the image of a part.
CHOICES = {"livekit_redis": "REDIS_IMAGE", "livekit_server": "SERVER_IMAGE", "livekit_sip": "SIP_IMAGE"}
PARTS = tuple(CHOICES)
BUILT_HERE = "telephony.livekit/"
# The registry answered, and the answer is no: another image instead would hide a mistake in the reference.
REFUSALS = ("manifest unknown", "denied", "unauthorized", "toomanyrequests", "invalid reference")


class ImageUnavailable(Exception):
    """An image cannot be had, and nothing may be put in its place."""


@dataclass(frozen=True)
class Wanted:
    """One part as the inventory and the role's defaults have it, without what an earlier fallback stored."""

    part: str
    image: str
    archive: str = ""
    container: str = ""
    chosen: bool = False


def repository(image):
    """`docker.io/livekit/sip:v1` and `livekit/sip@sha256:…` as `livekit/sip`."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = head + slash + last.partition(":")[0]
    return name.removeprefix("docker.io/").removeprefix("library/")


def is_refusal(message):
    return any(word in message.lower() for word in REFUSALS)


class Docker:
    """The few questions that are asked of the Docker daemon."""

    def __init__(self):
        try:
            self.client = docker.from_env()
            self.client.ping()
        except DockerException as error:
            raise ImageUnavailable(f"Docker does not answer: {error}") from error

    def has(self, image):
        try:
            self.client.images.get(image)
        except ImageNotFound:
            return False
        return True

    def pull(self, image):
        """True once the image is here, False when no registry answers."""
        try:
            self.client.images.pull(image)
        except NotFound as error:
            raise ImageUnavailable(f"The registry has no image {image}: {error.explanation}") from error
        except APIError as error:
            reason = str(error.explanation or error)
            if is_refusal(reason):
                raise ImageUnavailable(f"The registry refuses image {image}: {reason}") from error
            return False
        return True

    def runs(self, wanted):
        """The image of the part's container, unless it was built here or is gone."""
        try:
            container = self.client.containers.get(wanted.container or wanted.part.replace("_", "-"))
        except NotFound:
            return ""
        used = container.attrs["Config"]["Image"]
        return "" if used.startswith(BUILT_HERE) or not self.has(used) else used

    def other_tag(self, wanted):
        """The real image under another tag, which shows that it can be had here."""
        real = repository(wanted.image)
        return next((tag for image in self.client.images.list() for tag in image.tags if repository(tag) == real), "")


def missing(wanted, daemon, say):
    """The parts whose real image cannot be had here and may be replaced, and the image of each part that keeps its own.

    Pulls what a registry has. Nothing built here takes the place of a real image.
    """
    replaceable, kept = [], {}
    for part in wanted:
        if part.archive or daemon.has(part.image):
            continue
        say(f"Pulling {part.image}")
        if daemon.pull(part.image):
            continue
        choice = f"{CHOICES[part.part]}={{}}"
        if part.chosen:
            raise ImageUnavailable(
                f"{choice.format(part.image)} is on no registry that answers, and not on this machine. Load it with "
                f"`docker load`, or choose another. {choice.format('default')} takes the choice back."
            )
        if used := daemon.runs(part):
            say(f"No registry answers for {part.image}: it stays {used}, which runs here.")
            kept[part.part] = used
        elif tag := daemon.other_tag(part):
            raise ImageUnavailable(
                f"No registry answers for {part.image}, and the real image {tag} is on this machine: nothing built "
                f"here is put in its place. Run that one with `make deploy {choice.format(tag)}`, restore the way to "
                f"the registry, or give the image as a file with {part.part}_image_archive in "
                "inventories/local/group_vars/all/line.yml."
            )
        else:
            replaceable.append(part.part)
    return replaceable, kept


def can_be_had(image, daemon, say):
    """Whether an image that others are built on is here or in a registry."""
    if daemon.has(image):
        return True
    say(f"Pulling {image}")
    return daemon.pull(image)


def fallback_variables(parts, built):
    """Role variables that make the named parts run the images built here."""
    variables = {}
    for part in parts:
        variables[f"{part}_image"] = built[part]["image"]
        variables[f"{part}_image_archive"] = built[part]["archive"]
    return variables


def plain_variables(names):
    """Role variables that make parts run images that Docker has or gets by their names."""
    return {f"{part}_image": image for part, image in names.items()} | {f"{part}_image_archive": "" for part in names}
