# SPDX-License-Identifier: GPL-3.0-or-later
# `make help` lists the targets. Only make itself must be installed; the rest is installed if it is missing.

SHELL := /bin/sh
PYTHON ?= /usr/bin/python3
export PATH := $(CURDIR)/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$(PATH)
export LC_ALL := C.UTF-8

.DEFAULT_GOAL := help
.PHONY: help venv deploy teardown test quick unit contract roles molecule deploy-tests bench lint format readmes sanity packages clean

# The Debian packages that tests need. Debian 13 has the docker command in a separate package.
PACKAGES := debootstrap docker.io docker-cli? git nftables redis-server sip-tester

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1: \2/p' $(firstword $(MAKEFILE_LIST))

venv: .venv/.ready-for-tests ## Make .venv with everything that the tests and linters need

# --- this machine as a phone line ------------------------------------------------------------------------------------

deploy: .venv/.ready ## Turn this machine into a phone line: NUMBERS=+1...,+1... EXTERNAL_IP=... AGENT=demo
	@.venv/bin/python -m tools.deploy deploy

teardown: .venv/.ready ## Undo make deploy; PURGE=1 also removes the data and keys
	@.venv/bin/python -m tools.deploy teardown

# --- virtual environments --------------------------------------------------------------------------------------------

.venv/bin/pip:
	@tools/apt-install python3-venv ca-certificates
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

.venv/.ready: requirements.txt tools/get_collections.py | .venv/bin/pip
	@.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
	@.venv/bin/python tools/get_collections.py
	@touch $@

.venv/.ready-for-tests: requirements-test.txt .venv/.ready
	@.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@

# --- tests ------------------------------------------------------------------------------------------------------------

test: packages .venv/.ready-for-tests ## Set up and run all test stages, two at a time; STAGES="unit contract" runs only those, FULL=1 also those that passed before
	@tools/start-docker
	@.venv/bin/python tools/run_tests.py $(STAGES)

quick: .venv/.ready-for-tests ## Quick checks: ruff, yamllint, unit tests
	@.venv/bin/ruff check --quiet --no-cache
	@.venv/bin/ruff format --check --quiet --no-cache
	@.venv/bin/yamllint --strict .
	@.venv/bin/pytest -q tests/unit
	@[ -z "$$(git status --porcelain plugins roles playbooks)" ] || [ -n "$$(git status --porcelain changelogs/fragments)" ] \
		|| echo "changelogs/fragments: say what a user notices of the change in plugins, roles or playbooks that is not committed yet"

unit: .venv/.ready-for-tests ## Unit tests: no Docker, seconds
	@.venv/bin/pytest -q tests/unit

contract: packages .venv/.ready-for-tests ## Modules against a real livekit-server
	@.venv/bin/pytest tests/contract

roles: packages .venv/.ready-for-tests ## Roles with invalid input, on long-used hosts, and removed without a trace
	@tools/start-docker
	@.venv/bin/pytest tests/roles

molecule: packages .venv/.ready-for-tests ## Roles on whole test hosts; SCENARIO=default
	@tools/start-docker
	@MOLECULE_GLOB='molecule/*/molecule.yml' .venv/bin/molecule test $(if $(SCENARIO),-s $(SCENARIO),--all) $(if $(KEEP),--destroy never)

deploy-tests: packages .venv/.ready-for-tests ## make deploy and make teardown on bare test hosts
	@tools/start-docker
	@.venv/bin/pytest tests/deploy

bench: packages .venv/.ready-for-tests ## Measure the modules; results go to docs/benchmark.md
	@.venv/bin/python tests/benchmark/run.py

lint: .venv/.ready-for-tests ## Linters, documentation, changelog, archive
	@.venv/bin/pytest tests/gates --ignore=tests/gates/test_sanity.py

sanity: .venv/.ready-for-tests ## ansible-test sanity on the newest ansible-core
	@.venv/bin/python tools/other_cores.py newest
	@.venv-newest/bin/pytest tests/gates/test_sanity.py

format: .venv/.ready-for-tests ## Format the Python code
	@.venv/bin/ruff check --fix --quiet --no-cache
	@.venv/bin/ruff format --no-cache

readmes: .venv/.ready-for-tests ## Generate repeated texts: READMEs of roles, tables in docs, action group
	@.venv/bin/python tools/role_readmes.py
	@.venv/bin/python tools/failure_table.py

packages:
	@tools/apt-install $(PACKAGES)

clean: ## Remove virtual environments and caches inside this checkout
	@rm -rf .venv .venv-newest .venv-oldest .ansible .cache .pytest_cache .hypothesis .ruff_cache tests/output
