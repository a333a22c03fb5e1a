# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of roles outside the play: their values in the inventory, otherwise the defaults of their roles."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.telephony.livekit.plugins.plugin_utils._role_variables import reader


@pytest.fixture
def get():
    """A function that reads a variable of a host with the given inventory variables."""

    def get(name, **variables):
        loader = DataLoader()
        return reader(Templar(loader=loader, variables=variables), loader, variables)(name)

    return get


def test_the_default_of_a_role(get):
    assert get("livekit_server_port") == 7880


def test_the_inventory_counts(get):
    assert get("livekit_server_port", livekit_server_port=7890) == 7890


def test_a_default_that_follows_another_variable(get):
    assert get("livekit_agent_url", livekit_server_port=7890) == "ws://127.0.0.1:7890"


def test_a_default_that_needs_what_only_its_role_knows(get):
    """The networks of the provider come from a variable in the vars of the role livekit_firewall."""
    extra = {"mine": {"signalling_networks": ["192.0.2.0/24"]}}
    given = {"livekit_firewall_provider": "mine", "livekit_firewall_providers_extra": extra}
    assert get("livekit_firewall_signalling_networks", **given) == ["192.0.2.0/24"]


def test_a_variable_that_names_one_of_another_role(get):
    trunks = [{"allowed_addresses": trust_as_template("{{ livekit_firewall_media_networks }}")}]
    given = {"livekit_routing_inbound_trunks": trunks, "livekit_firewall_media_networks": ["192.0.2.0/24"]}
    assert get("livekit_routing_inbound_trunks", **given) == [{"allowed_addresses": ["192.0.2.0/24"]}]
    assert get("livekit_routing_inbound_trunks", livekit_routing_inbound_trunks=trunks)[0]["allowed_addresses"]


def test_what_nobody_defines(get):
    with pytest.raises(AnsibleError, match="nowhere"):
        get("livekit_server_port", livekit_server_port=trust_as_template("{{ nowhere }}"))
