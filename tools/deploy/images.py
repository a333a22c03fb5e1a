# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of each of the three programs: the real one if it is available, otherwise one built on this machine.

A built image contains Redis from Debian's package, livekit-server built from source, or a stand-in for livekit-sip,
which no package registry carries. Only `make deploy` falls back to built images, for trials; `site.yml` never does.
"""

from dataclasses import dataclass

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

# The setting of `make deploy` that chooses the image of each part.
CHOICES = {"livekit_redis": "REDIS_IMAGE", "livekit_server": "SERVER_IMAGE", "livekit_sip": "SIP_IMAGE"}
PARTS = tuple(CHOICES)
BUILT_HERE = "telephony.livekit/"
# Answers from a registry that rejects the request. A fallback would hide a mistake in the reference.
REFUSALS = ("manifest unknown", "denied", "unauthorized", "toomanyrequests", "invalid reference")


class ImageUnavailable(Exception):
    """An image is unavailable and must not be replaced."""


@dataclass(frozen=True)
class Wanted:
    """One part as the inventory and the role's defaults define it, without the settings of an earlier fallback."""

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
    """Requests to the Docker daemon."""

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
        """True if the image was pulled, False if no registry answers."""
        try:
            self.client.images.pull(image)
        except NotFound as error:
            raise ImageUnavailable(f"The registry has no image {image}: {error.explanation}") from error
        except APIError as error:
            reason = str(error.explanation or error)
            if is_refusal(reason):
                raise ImageUnavailable(f"The registry rejects image {image}: {reason}") from error
            return False
        return True

    def runs(self, wanted):
        """The image of the part's container, or an empty string if that image was built here or no longer exists."""
        try:
            container = self.client.containers.get(wanted.container or wanted.part.replace("_", "-"))
        except NotFound:
            return ""
        used = container.attrs["Config"]["Image"]
        return "" if used.startswith(BUILT_HERE) or not self.has(used) else used

    def other_tag(self, wanted):
        """The real image under another tag on this machine, or an empty string."""
        real = repository(wanted.image)
        return next((tag for image in self.client.images.list() for tag in image.tags if repository(tag) == real), "")


def missing(wanted, daemon, say):
    """The parts whose real image is unavailable and may be replaced, and the image of each part that keeps its own.

    Pulls the images that a registry has. A built image never replaces a real one that this machine has.
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
                f"{choice.format(part.image)} is unavailable: no registry answers, and this machine lacks it. Load it "
                f"with `docker load`, or choose another image. {choice.format('default')} takes back the choice."
            )
        if used := daemon.runs(part):
            say(f"No registry answers for {part.image}. This machine keeps running {used}.")
            kept[part.part] = used
        elif tag := daemon.other_tag(part):
            raise ImageUnavailable(
                f"No registry answers for {part.image}, but this machine has the real image {tag}, which is not "
                f"replaced by a built one. Run it with `make deploy {choice.format(tag)}`, restore the connection to "
                f"the registry, or provide the image as a file with {part.part}_image_archive in "
                "inventories/local/group_vars/all/line.yml."
            )
        else:
            replaceable.append(part.part)
    return replaceable, kept


def can_be_had(image, daemon, say):
    """Whether a base image is on this machine or in a registry."""
    if daemon.has(image):
        return True
    say(f"Pulling {image}")
    return daemon.pull(image)


def fallback_variables(parts, built):
    """Role variables that make the parts run the images built on this machine."""
    variables = {}
    for part in parts:
        variables[f"{part}_image"] = built[part]["image"]
        variables[f"{part}_image_archive"] = built[part]["archive"]
    return variables


def plain_variables(names):
    """Role variables that make parts run images that Docker has or pulls by name."""
    return {f"{part}_image": image for part, image in names.items()} | {f"{part}_image_archive": "" for part in names}
