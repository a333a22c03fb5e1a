# SPDX-License-Identifier: GPL-3.0-or-later
"""Each linter is one test, with no skipped rules and no exceptions."""

from pathlib import Path


def test_ansible_lint(tool):
    """Uses the profile production."""
    tool("ansible-lint", "--strict")


def test_yamllint(tool):
    tool("yamllint", "--strict", ".")


def test_ruff(tool):
    tool("ruff", "check", "--no-cache")


def test_ruff_format(tool):
    tool("ruff", "format", "--check", "--no-cache")


def test_documentation(tool):
    """Checks the documentation of modules and roles, and every reference in it."""
    tool("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs=all", ".")


def test_readmes_of_roles(tool):
    """`make readmes` generates them from the argument specs."""
    tool("python", "tools/role_readmes.py", "--check")


def test_changelog(tool):
    tool("antsibull-changelog", "lint")


def test_licenses_of_files(tool):
    """Each file states its license and its copyright holder, in the file or in REUSE.toml."""
    tool("reuse", "lint", "--lines")


def test_the_license_is_one_text():
    """Galaxy and Git hosts look for LICENSE, and reuse looks for the file in LICENSES."""
    assert Path("LICENSE").read_bytes() == Path("LICENSES/GPL-3.0-or-later.txt").read_bytes()
