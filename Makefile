# Short names for what people do. Everything is installed into .venv, from the locks in requirements/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help setup dev debian demo test lint format bench lock notices clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
TESTS ?=
BENCH ?=
export PIP_ROOT_USER_ACTION := ignore

help: ## list these names
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(VENV)/.run ## create .venv with what hubbub needs to run

dev: $(VENV)/.dev ## the same with every extra: tests, checks, benchmarks, Spark

demo: setup ## the whole tour on the invented brand (SERVE=0: without the workbench)
	@$(BIN)/hubbub demo $(if $(filter 0,$(SERVE)),--no-serve)

test: dev debian lint ## lint, then all tests (TESTS=path for some)
	@$(BIN)/python -m pytest -n 2 $(TESTS)

lint: dev ## ruff, mypy, import-linter, licences, locks
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/lock.py --check
	@$(BIN)/python tools/licences.py

format: dev ## let ruff put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: dev ## the benchmarks, each against a named peer (BENCH=arguments)
	@$(BIN)/python -m bench $(BENCH)

lock: dev ## make the locks anew (UPGRADE=1: with the newest versions)
	@$(BIN)/python tools/lock.py $(if $(filter 1,$(UPGRADE)),--upgrade)

notices: dev ## write THIRD_PARTY_NOTICES from the licences of the locked packages
	@$(BIN)/python tools/licences.py --write

debian:
	@tools/debian.sh

clean: ## remove what can be made again
	@rm -rf $(VENV) build dist out hubbub-demo .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'hubbub needs Python 3.11 or newer as $(PYTHON); name another one with: make setup PYTHON=python3.12' >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo 'No virtual environment could be made. On Debian: apt-get install python3-venv' >&2; exit 2; }

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	@echo 'Installing what hubbub needs into $(VENV). The first time takes a minute or two.' >&2
	@$(PIP) install --quiet --require-hashes -r requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/hubbub version --warm >/dev/null
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo 'Installing what tests, checks and benchmarks need into $(VENV). Spark is large; the first time takes minutes.' >&2
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@
