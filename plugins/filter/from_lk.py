# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.telephony.livekit.plugins.module_utils._fields import snake_case_keys
from ansible_collections.telephony.livekit.plugins.module_utils._info import options_of
from ansible_collections.telephony.livekit.plugins.module_utils._kinds import (
    DISPATCH_RULE,
    INBOUND_TRUNK,
    OUTBOUND_TRUNK,
)
from ansible_collections.telephony.livekit.plugins.module_utils._messages import from_json

_WRAPPERS = ("trunk", "dispatch_rule", "dispatchRule")


def from_lk(content):
    """The options of livekit_sip_trunk or livekit_sip_dispatch for one JSON file of `lk sip ... create`."""
    if not isinstance(content, dict):
        raise AnsibleFilterError("from_lk takes one object: pipe the file through from_json first")
    wrapper = next((key for key in _WRAPPERS if isinstance(content.get(key), dict)), None)
    if wrapper and len(content) == 1:
        content = content[wrapper]
    kind = _kind(set(snake_case_keys(dict.fromkeys(content))))
    stored = from_json(kind.fields, content)
    known = {field.name for field in kind.fields} | {kind.id_field}
    unknown = sorted(set(stored) - known)
    if unknown:
        raise AnsibleFilterError(f"from_lk: a {kind.title} has no {', '.join(unknown)}")
    options = options_of(kind, stored, {}, hide=False)
    # A file without trunks rarely means every caller in the world: whoever does mean it says so.
    options.pop("any_trunk", None)
    return options


def _kind(keys):
    if "rule" in keys:
        return DISPATCH_RULE
    if keys & {"address", "transport", "destination_country", "from_host"}:
        return OUTBOUND_TRUNK
    if "numbers" in keys or keys & {"allowed_addresses", "allowed_numbers", "auth_username"}:
        return INBOUND_TRUNK
    raise AnsibleFilterError("from_lk: this is neither a trunk (numbers, address, …) nor a dispatch rule (rule)")


class FilterModule:
    def filters(self):
        return {"from_lk": from_lk}
