# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: summary
short_description: Human-readable summary of a run of the playbook site
version_added: 0.1.0
author: The telephony.livekit maintainers (@telephony-livekit)
description:
  - For internal use by the playbooks of this collection. May change without notice.
  - Lists a host's containers with their images and a warning about a stand-in, the agent for each number, the settings
    for the provider, the URL for agents and the open ports, and states whether the deployment survives a reboot.
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
