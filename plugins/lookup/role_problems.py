# Copyright (c) 2026, the telephony.livekit maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: role_problems
short_description: Problems with a role's variables
version_added: 0.1.0
author: The telephony.livekit maintainers (@telephony-livekit)
description:
  - For internal use by the roles of this collection. May change without notice.
  - First compares the variables with the types in the role's C(meta/argument_specs.yml). If all types are correct,
    evaluates the role's list C(<role>_checks). Each entry has a condition, C(that), and a C(message) that is returned
    if the condition is false.
  - Returns one sentence for each problem, so that a run reports all problems together. The sentences contain no
    secrets.
options:
  _terms:
    description:
      - The role, and optionally the name of a list of checks to evaluate instead of C(<role>_checks).
    required: true
"""

EXAMPLES = r"""
- name: Check the variables
  ansible.builtin.fail:
    msg: "{{ problems | join(' ') }}"
  when: problems | length > 0
  vars:
    problems: "{{ query('telephony.livekit.role_problems', 'livekit_sip') }}"
"""

RETURN = r"""
_raw:
  description: One sentence for each problem.
  type: list
  elements: str
"""

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.telephony.livekit.plugins.module_utils._values import masked
from ansible_collections.telephony.livekit.plugins.plugin_utils._options import type_problems
from ansible_collections.telephony.livekit.plugins.plugin_utils._role_variables import options_of, reader


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        role, checks = terms if len(terms) == 2 else (terms[0], f"{terms[0]}_checks")
        found = []
        if len(terms) == 1:
            found = list(self._unresolved(role, variables))
        return [masked(problem) for problem in found or self._failed(variables[checks])]

    def _unresolved(self, role, variables):
        """Wrong types, and variables that cannot be resolved."""
        get = reader(self._templar, self._loader, variables)
        options, values = options_of(role), {}
        for name in options:
            try:
                if name in variables:
                    values[name] = get(name)
            except AnsibleError as error:
                yield f"{name} cannot be resolved: {error.message}"
        yield from type_problems(options, values)

    def _failed(self, checks):
        for check in checks:
            if not self._templar.template(check["that"]):
                yield self._templar.template(check["message"])
