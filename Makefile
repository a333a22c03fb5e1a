# SPDX-License-Identifier: GPL-3.0-or-later
# `make help` lists what there is. Only make itself has to be there; the rest is installed when it is missing.

SHELL := /bin/sh
PYTHON ?= /usr/bin/python3
export PATH := $(CURDIR)/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$(PATH)
export LC_ALL := C.UTF-8

.DEFAULT_GOAL := help
.PHONY: help venv deploy teardown test quick unit contract molecule deploy-tests lint sanity clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1: \2/p' $(firstword $(MAKEFILE_LIST))

venv: .venv/.ready-for-tests ## Make .venv with everything that tests and linters need

# --- this machine as a phone line ------------------------------------------------------------------------------------

deploy: .venv/.ready ## Turn this machine into a phone line: NUMBERS=+1...,+1... EXTERNAL_IP=...
	@.venv/bin/python -m tools.deploy deploy

teardown: .venv/.ready ## Take it away again; PURGE=1 removes its data and keys too
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

clean: ## Remove virtual environments and caches inside this checkout
	@rm -rf .venv .venv-newest .ansible .cache .pytest_cache .hypothesis .ruff_cache tests/output
