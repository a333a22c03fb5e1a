# SPDX-License-Identifier: GPL-3.0-or-later
"""Each linter is one test, with nothing skipped and nothing excused."""

from pathlib import Path


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


def test_licenses_of_files(tool):
    """Each file says its license and whose it is, by itself or in REUSE.toml."""
    tool("reuse", "lint", "--lines")


def test_the_license_is_one_text():
    """Galaxy and Git hosts look for LICENSE, reuse for the name in LICENSES."""
    assert Path("LICENSE").read_bytes() == Path("LICENSES/GPL-3.0-or-later.txt").read_bytes()
