#!/usr/bin/python
# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: internal_image_version
short_description: Show the version that the program in an image reports
version_added: 0.1.0
author:
  - The telephony.livekit maintainers (@telephony-livekit)
description:
  - Used by the role C(telephony.livekit.internal_container). May change without notice.
  - Runs the image's program once with C(--version), without a network, and stores the version under the image's id.
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - In check mode, the version is not stored.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff
      mode.
    support: none
options:
  image:
    description:
      - Image on the host. If the image is missing, no version is returned.
    type: str
    required: true
  user:
    description:
      - Numeric user and group that the program runs as, such as V(10001:10001).
    type: str
    required: true
  file:
    description:
      - File in which the versions are stored.
    type: path
    default: /var/lib/telephony.livekit/versions.json
"""

EXAMPLES = r"""
- name: Show the version of livekit-server in an image
  telephony.livekit.internal_image_version:
    image: livekit/livekit-server:latest
    user: "10001:10001"
  register: asked
"""

RETURN = r"""
version:
  description: The version, or an empty string if the program does not report one.
  returned: success
  type: str
  sample: 1.13.7
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.telephony.livekit.plugins.module_utils import _image_version


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "image": {"type": "str", "required": True},
            "user": {"type": "str", "required": True},
            "file": {"type": "path", "default": "/var/lib/telephony.livekit/versions.json"},
        },
        supports_check_mode=True,
    )
    options = module.params
    found = _image_version.version(
        module.run_command, options["image"], options["user"], options["file"], check=module.check_mode
    )
    module.exit_json(changed=False, version=found)


if __name__ == "__main__":
    main()
