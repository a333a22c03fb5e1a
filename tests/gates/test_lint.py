# SPDX-License-Identifier: GPL-3.0-or-later
"""Each linter is one test, with nothing skipped and nothing excused."""


def test_ansible_lint(tool):
    """Profile production."""
    tool("ansible-lint", "--strict")


def test_yamllint(tool):
    tool("yamllint", "--strict", ".")


def test_ruff(tool):
    tool("ruff", "check", "--no-cache")


def test_ruff_format(tool):
    tool("ruff", "format", "--check", "--no-cache")


def test_documentation(tool):
    """Documentation of modules and roles, and every reference in it."""
    tool("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=all", ".")


def test_readmes_of_roles(tool):
    """Generated from the argument specs: `make readmes` writes them."""
    tool("python", "tools/role_readmes.py", "--check")


def test_changelog(tool):
    tool("antsibull-changelog", "lint")
