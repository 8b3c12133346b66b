# The commands of this project. `make help` lists them.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
NEEDS_PYTHON = test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed, and there is none here.' >&2; exit 2; }
# Who names a Python gets it; else the quickest of its version here is taken.
SETUP = $(PYTHON) -m tools.setup
ANY := $(if $(filter file,$(origin PYTHON)),--quickest)
VENV := $(or $(PORTAL_VENV),.venv)
BIN := $(VENV)/bin
TESTS ?=
SHELL := /bin/sh
# Everything here is many processes: each would compile all of the code anew where a shell forbids to keep it.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help run test lint format trace check clean setup setup-dev

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The shell is replaced, so that Ctrl-C reaches the supervisor itself; it stops everything in order, and an orderly stop
# is a success.
run: setup ## Start the whole portal with demo data on PORT (8000), data in PORTAL_HOME (var/)
	@PORTAL_ENV="$${PORTAL_ENV:-demo}" exec $(BIN)/python -m portal.cli up

test: setup-dev ## Run all tests, or those of TESTS=path
	@$(PYTHON) tools/chromium.py
	@$(BIN)/python -m tools.compiled
	@exec $(BIN)/pytest -n 3 --dist loadgroup $(TESTS)

lint: setup-dev ## Check style, types, import directions and the project's own rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo 'Some files are not formatted: make format'; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.lint

format: setup-dev ## Format the code and sort its imports
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

trace: setup-dev ## Say which requirements are shown by which tests
	@$(BIN)/python -m tools.trace

check: setup ## Check every invariant on the running portal
	@exec $(BIN)/python -m portal.cli check

setup: ## Make the virtual environment for running
	@$(NEEDS_PYTHON)
	@$(SETUP) run $(ANY)
	@$(BIN)/python -m portal.translations

setup-dev: ## Make the virtual environment for testing
	@$(NEEDS_PYTHON)
	@$(SETUP) dev $(ANY)
	@$(BIN)/python -m portal.translations

clean: ## Remove caches and compiled files; data and the virtual environment stay
	@find portal sandbox tests tools migrations -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
