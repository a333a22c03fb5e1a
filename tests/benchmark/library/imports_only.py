# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that has the imports of livekit_sip_routing and does nothing: the minimum time for a run."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.telephony.livekit.plugins.module_utils import _call_info, _kinds, _module, _run

IMPORTED = (_call_info, _kinds, _module, _run)


def main():
    AnsibleModule(argument_spec={}).exit_json(changed=False)


if __name__ == "__main__":
    main()
