# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: summary
short_description: Summarise a run of the playbook site for a person
version_added: 0.1.0
author: The telephony.livekit maintainers (@telephony-livekit)
description:
  - Internal, for the playbooks of this collection. It may change without notice.
  - Lists the containers of a host with their images, with a warning for a stand-in, the agent of each number, the
    settings for the provider, the URL for agents, the open ports, and whether the deployment survives a reboot.
options:
  _input:
    description: Facts that the run collected about the host.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ livekit_summary | telephony.livekit.summary }}"
"""

RETURN = r"""
_value:
  description: Lines of text.
  type: list
  elements: str
"""

from ansible_collections.telephony.livekit.plugins.plugin_utils._summary import summary


class FilterModule:
    def filters(self):
        return {"summary": summary}
