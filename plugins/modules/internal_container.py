#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_container
short_description: Replace a container once the new one is healthy
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Used by the role C(telephony.livekit.internal_container). May change without notice.
  - Waits until the container is healthy, and removes the remains of interrupted runs.
  - With O(replace), the container O(name)C(-next) first replaces the current container, and the files in the folder
    C(.next) of O(config_dir) replace those in O(config_dir).
  - If the new container does not become healthy, the module restores the previous container and its config, and fails
    with the state and the log of the new container.
  - Once started, the module finishes its work even if the connection to the host is lost.
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - In check mode, the module does not wait.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff
      mode.
    support: none
options:
  name:
    description:
      - Name of the container.
    type: str
    required: true
  replace:
    description:
      - Whether O(name)C(-next) replaces the container.
    type: bool
    default: false
  undo:
    description:
      - Whether to only undo a replacement that was interrupted by a crash of the host, if there is one. The previous
        container and its config are restored, and nothing is started or stopped.
    type: bool
    default: false
  config_dir:
    description:
      - Folder on the host that contains the config.
    type: path
    required: true
  stop_timeout:
    description:
      - Seconds between the stop signal and the kill signal.
    type: int
    default: 30
  health_url:
    description:
      - URL that returns status 200 if the program is healthy. If empty, no request is sent.
    type: str
    default: ""
  health_redis:
    description:
      - Address, as C(host:port), of a Redis that answers and accepts O(health_redis_password) if it is healthy. If
        empty, no request is sent.
    type: str
    default: ""
  health_redis_password:
    description:
      - Password for that Redis.
    type: str
    default: ""
  health_answer:
    description:
      - Text that a healthy answer contains.
    type: str
    default: OK
  health_timeout:
    description:
      - Seconds to wait for that answer.
    type: int
    default: 30
  server_url:
    description:
      - URL of the livekit-server that the program uses. The program is not healthy if nothing listens there or if the
        server refuses O(server_api_key). If empty, no request is sent.
      - Nothing else about that server is checked, such as its certificate, which the program may trust even if this
        module does not.
    type: str
    default: ""
  server_api_key:
    description:
      - The program's own key for that server.
    type: str
    default: ""
  server_api_secret:
    description:
      - The secret of that key.
    type: str
    default: ""
  secrets:
    description:
      - Strings to remove from log lines.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Run livekit-sip
  telephony.livekit.internal_container:
    name: livekit-sip
    replace: true
    config_dir: /etc/livekit/sip
    health_url: http://127.0.0.1:8085/
"""

RETURN = r"""#"""

import contextlib
import http.client
import os
import signal
import socket
import urllib.request

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.telephony.livekit.plugins.module_utils import _redis
from ansible_collections.telephony.livekit.plugins.module_utils._client import Client, LiveKitError
from ansible_collections.telephony.livekit.plugins.module_utils._container import (
    Config,
    Containers,
    DockerFailed,
    Swap,
    Unhealthy,
)

SECONDS_FOR_AN_ANSWER = 5


def outlive_the_connection() -> None:
    for stop in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(stop, signal.SIG_IGN)
    # A process that already leads its group needs no new session.
    with contextlib.suppress(PermissionError):
        os.setsid()


def url_trouble(url: str, answer: str) -> str:
    # Bypass proxies, which may not reach this host.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=SECONDS_FOR_AN_ANSWER) as response:
            text = response.read().decode(errors="replace")
            if response.status == http.client.OK and answer in text:
                return ""
            return f"{url} answers {response.status} {text[:80]!r}"
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer ({error})"


def redis_trouble(address: str, password: str) -> str:
    error = _redis.probe({"address": address, "password": password}).get("error")
    return f"Redis answers with an error ({error})" if error else ""


def server_trouble(url: str, key: str, secret: str) -> str:
    client = Client(url, key, secret, verify=False, timeout=SECONDS_FOR_AN_ANSWER, read_only=True)
    try:
        client.call("ListSIPInboundTrunk", {})
    except LiveKitError as error:
        if error.code in ("unreachable", "unauthenticated", "permission_denied"):
            return f"livekit-server does not serve it: {error.message}"
    return ""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "replace": {"type": "bool", "default": False},
            "undo": {"type": "bool", "default": False},
            "config_dir": {"type": "path", "required": True},
            "stop_timeout": {"type": "int", "default": 30},
            "health_url": {"type": "str", "default": ""},
            "health_redis": {"type": "str", "default": ""},
            "health_redis_password": {"type": "str", "default": "", "no_log": True},
            "health_answer": {"type": "str", "default": "OK"},
            "health_timeout": {"type": "int", "default": 30},
            "server_url": {"type": "str", "default": ""},
            "server_api_key": {"type": "str", "default": "", "no_log": False},
            "server_api_secret": {"type": "str", "default": "", "no_log": True},
            "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
        },
        mutually_exclusive=[("replace", "undo")],
        supports_check_mode=True,
    )
    options = module.params
    if module.check_mode:
        module.exit_json(changed=options["replace"])

    def trouble() -> str:
        found = options["health_url"] and url_trouble(options["health_url"], options["health_answer"])
        if not found and options["health_redis"]:
            found = redis_trouble(options["health_redis"], options["health_redis_password"])
        if not found and options["server_url"]:
            return server_trouble(options["server_url"], options["server_api_key"], options["server_api_secret"])
        return found

    swap = Swap(
        name=options["name"],
        containers=Containers(lambda command: module.run_command(command, handle_exceptions=False)),
        config=Config(options["config_dir"]),
        trouble=trouble,
        asks=bool(options["health_url"] or options["health_redis"] or options["server_url"]),
        stop_timeout=options["stop_timeout"],
        health_timeout=options["health_timeout"],
        secrets=options["secrets"],
    )
    changed = options["replace"]
    try:
        if options["replace"]:
            outlive_the_connection()
            swap.replace()
        elif options["undo"]:
            changed = swap.undo()
        else:
            changed = swap.tidy()
            swap.wait()
    except (Unhealthy, DockerFailed, OSError) as problem:
        module.fail_json(msg=f"{options['name']} did not become healthy on {socket.gethostname()}: {problem}")
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
