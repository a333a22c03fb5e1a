#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_host_info
short_description: Show the state of the clock, disk, memory, listening programs and Docker on a host
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Used by the role C(telephony.livekit.internal_host). May change without notice.
  - Probes, in one round trip, everything that the roles check before they change a host. Changes nothing.
extends_documentation_fragment:
  - telephony.livekit._attributes.info_module
options:
  ports:
    description:
      - Ports whose owners the module returns.
    type: list
    elements: int
    default: []
  daemon_json:
    description:
      - Docker's configuration.
    type: path
    default: /etc/docker/daemon.json
  record:
    description:
      - File in which the role C(telephony.livekit.livekit_docker) keeps the previous content of Docker's configuration.
    type: path
    default: /var/lib/telephony.livekit/daemon.json
  versions:
    description:
      - File in which the role C(telephony.livekit.internal_container) keeps the versions of images.
    type: path
    default: /var/lib/telephony.livekit/versions.json
"""

EXAMPLES = r"""
- name: Show which program listens on the SIP port
  telephony.livekit.internal_host_info:
    ports: [5060]
  register: host
"""

RETURN = r"""
owners:
  description: The programs that listen on one of O(ports).
  returned: success
  type: list
  elements: dict
  contains:
    port:
      description: The port.
      type: int
      returned: always
    protocol:
      description: V(tcp) or V(udp).
      type: str
      returned: always
    address:
      description: The address to which the socket is bound.
      type: str
      returned: always
    pid:
      description: The id of the process, or V(none) if the process is not visible.
      type: str
      returned: always
    program:
      description: Name of the process, or an empty string if the process is not visible.
      type: str
      returned: always
    container:
      description: Name of the process's container, or an empty string if the process does not run in a container.
      type: str
      returned: always
  sample:
    - {port: 5060, protocol: udp, address: 0.0.0.0, pid: "77", program: livekit-sip, container: livekit-sip}
containers:
  description: Names of the running containers.
  returned: success
  type: list
  elements: str
  sample: [livekit-redis, livekit-server]
free_space:
  description: Free space in MiB for Docker's data and for the configuration files, by folder.
  returned: success
  type: dict
  sample: {/var/lib/docker: 20480, /etc/livekit: 20480}
overcommit:
  description: The kernel's C(vm.overcommit_memory), or V(none) if it cannot be read.
  returned: success
  type: int
  sample: 1
synchronised:
  description: Whether the clock is synchronised, or V(none) if this is unknown.
  returned: success
  type: bool
  sample: true
time:
  description: Seconds since 1970 according to the host's clock.
  returned: success
  type: float
  sample: 1767225600.5
docker:
  description: The state of Docker.
  returned: success
  type: dict
  contains:
    requests:
      description: Whether the Python library requests, which the modules of community.docker need, is installed.
      type: bool
      returned: always
    ip:
      description: Whether the command C(ip) is installed.
      type: bool
      returned: always
    docker:
      description: Whether Docker is installed.
      type: bool
      returned: always
    daemon:
      description: The live-restore setting and the ids of images by name, or V(none) if no daemon answers.
      type: dict
      returned: always
    unit:
      description: Properties of Docker's systemd unit, or V(none) if the unit does not exist.
      type: dict
      returned: always
    by_service:
      description: Whether the command C(service) started Docker.
      type: bool
      returned: always
    daemon_json:
      description: Text of O(daemon_json), and either its parsed content or the reason why the text is invalid.
      type: dict
      returned: always
    daemon_json_mode:
      description: Mode of O(daemon_json).
      type: str
      returned: always
    record:
      description: Content of O(record), or V(none) if the file does not exist.
      type: dict
      returned: always
    versions:
      description: Versions of images by image id, from O(versions).
      type: dict
      returned: always
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.telephony.livekit.plugins.module_utils import _docker_probe, _host_probe
from ansible_collections.telephony.livekit.plugins.module_utils._docker_socket import ask

CONFIGURATION = "/etc/livekit"


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "ports": {"type": "list", "elements": "int", "default": []},
            "daemon_json": {"type": "path", "default": "/etc/docker/daemon.json"},
            "record": {"type": "path", "default": "/var/lib/telephony.livekit/daemon.json"},
            "versions": {"type": "path", "default": "/var/lib/telephony.livekit/versions.json"},
        },
        supports_check_mode=True,
    )
    docker = _docker_probe.probe(
        module.params["daemon_json"],
        module.params["record"],
        module.params["versions"],
        lambda command: module.run_command(command, handle_exceptions=False),
        ask,
    )
    running = {one["Id"]: one["Names"][0].lstrip("/") for one in (docker["daemon"] and ask("/containers/json")) or []}
    folders = (_docker_probe.data_root(docker["daemon_json"]), CONFIGURATION)
    module.exit_json(
        changed=False,
        owners=list(_host_probe.owners(module.params["ports"], running)),
        containers=list(running.values()),
        free_space={folder: _host_probe.free_space(folder) for folder in folders},
        overcommit=_host_probe.overcommit(),
        synchronised=_host_probe.synchronised(),
        time=time.time(),
        docker=docker,
    )


if __name__ == "__main__":
    main()
