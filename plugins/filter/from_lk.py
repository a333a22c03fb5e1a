# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.errors import AnsibleFilterError


def from_lk(content):
    """Converts a file for `lk sip ... create`, or a list, to options of livekit_sip_trunk or livekit_sip_dispatch."""
    # Imported here, because a task that uses any filter in the collection loads all of them.
    from ansible_collections.telephony.livekit.plugins.module_utils._lk import options_from
    from ansible_collections.telephony.livekit.plugins.module_utils._written import InputError

    try:
        return options_from(content)
    except InputError as error:
        raise AnsibleFilterError(f"from_lk: {error}") from error


class FilterModule:
    def filters(self):
        return {"from_lk": from_lk}
