#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_redis_info
short_description: Show whether LiveKit can use a Redis
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Used by the role C(telephony.livekit.internal_redis). May change without notice.
  - Connects to Redis from the host that will use it. Changes nothing, and needs only Python.
  - The options are those of the C(redis) section in LiveKit's configuration, but with the content of TLS files instead
    of their paths.
extends_documentation_fragment:
  - telephony.livekit._attributes.info_module
options:
  address:
    description:
      - Address of Redis as C(host:port).
    type: str
  username:
    description:
      - User in Redis's access control list.
    type: str
  password:
    description:
      - Password of Redis, or of the user.
    type: str
  db:
    description:
      - Number of the database.
    type: int
    default: 0
  sentinel_master_name:
    description:
      - Name of the master that the Sentinels monitor.
    type: str
  sentinel_addresses:
    description:
      - The Sentinels, each as C(host:port).
    type: list
    elements: str
    default: []
  sentinel_username:
    description:
      - User for the Sentinels.
    type: str
  sentinel_password:
    description:
      - Password for the Sentinels.
    type: str
  cluster_addresses:
    description:
      - Nodes of a Redis Cluster, each as C(host:port).
    type: list
    elements: str
    default: []
  tls:
    description:
      - TLS settings for Redis and the Sentinels.
    type: dict
    suboptions:
      enabled:
        description: Whether to use TLS.
        type: bool
        default: false
      insecure:
        description: Whether to accept any certificate.
        type: bool
        default: false
      server_name:
        description: Name that the certificate must have.
        type: str
      ca_cert_file:
        description: Certificates to trust, as text.
        type: str
      client_cert_file:
        description: Client certificate for Redis, as text.
        type: str
      client_key_file:
        description: Key of the client certificate, as text.
        type: str
"""

EXAMPLES = r"""
- name: Probe Redis
  telephony.livekit.internal_redis_info:
    address: 127.0.0.1:6379
    password: "{{ redis_password }}"
  register: redis
"""

RETURN = r"""
nodes:
  description: The nodes that answered, with their addresses and properties.
  returned: if all nodes can be used
  type: list
  elements: dict
  sample:
    - {address: 127.0.0.1:6379, ping: PONG, role: master, maxmemory_policy: noeviction, aof_enabled: "1"}
error:
  description: Reason why Redis cannot be used.
  returned: if Redis cannot be used
  type: str
  sample: "127.0.0.1:6379: [Errno 111] Connection refused"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.telephony.livekit.plugins.module_utils import _redis


def main() -> None:
    text = {"type": "str"}
    secret = {"type": "str", "no_log": True}
    addresses = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "address": text,
            "username": text,
            "password": secret,
            "db": {"type": "int", "default": 0},
            "sentinel_master_name": text,
            "sentinel_addresses": addresses,
            "sentinel_username": text,
            "sentinel_password": secret,
            "cluster_addresses": addresses,
            "tls": {
                "type": "dict",
                "options": {
                    "enabled": {"type": "bool", "default": False},
                    "insecure": {"type": "bool", "default": False},
                    "server_name": text,
                    "ca_cert_file": text,
                    "client_cert_file": text,
                    "client_key_file": secret,
                },
            },
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, **_redis.probe(module.params))


if __name__ == "__main__":
    main()
