# Everything a developer does, on a fresh clone too: each target sets up what it needs, once.
# `make` alone lists the targets.

.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 4
ARGS ?=
NODE_TESTS := tests/system/node
OLD_SDK := tests/system/clients/.sentry-sdk-1

# What holds on every Python from 3.11 on, with the hash of each file that may be installed.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --custom-compile-command 'make lock'

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.PHONY: help run demo test check fmt bench promises mutants fuzz docs lock audit picture setup node clean clients-set-up

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run ## start the relay (ARGS='--port 3005' is passed on)
	@exec $(BIN)/relay serve $(ARGS)

demo: $(VENV)/.dev ## let an app crash behind a relay, and show what comes out
	@$(BIN)/python deploy/demo/demo.py

test: check node clients-set-up ## everything that CI runs: check, then all tests
	@echo "== pytest"
	@$(BIN)/pytest -q -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.dev ## format, lint, types, floors, the rules' own examples and their lint
	@echo "== ruff format"
	@$(BIN)/ruff format --check --quiet .
	@echo "== ruff check"
	@$(BIN)/ruff check --quiet .
	@echo "== mypy"
	@$(BIN)/mypy
	@echo "== import-linter"
	@$(BIN)/lint-imports --no-cache
	@echo "== relay rules test"
	@$(BIN)/relay rules test
	@echo "== relay rules lint"
	@$(BIN)/relay rules lint --strict

fmt: $(VENV)/.dev ## format, and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

promises: $(VENV)/.dev ## say of each promise whether it is held (ARGS=--sabotage breaks each and sees)
	@$(BIN)/python -m tests.promises $(ARGS)

bench: $(VENV)/.dev ## measure recall, precision and speed, and write docs/benchmarks.md
	@$(BIN)/python -m benchmarks $(ARGS)

mutants: $(VENV)/.mutation ## change the code in one place at a time: which change does no test notice?
	@$(BIN)/python -m tests.mutation $(MODULES) $(if $(SAMPLE),--sample $(SAMPLE)) $(ARGS)

fuzz: $(VENV)/.fuzz ## feed it with what nobody would send, for MINUTES=5 (TARGET=envelope is one of all)
	@failed=0; \
	echo "== drawn from a seed"; \
	$(BIN)/python -m tests.fuzz.seeded --target $(or $(TARGET),envelope) \
		--count $$(( $(or $(MINUTES),5) * 2000 )) --seed $$(date +%s) || failed=1; \
	echo "== guided by coverage"; \
	$(BIN)/python -m tests.fuzz.guided --target $(or $(TARGET),all) \
		--minutes $(or $(MINUTES),5) $(ARGS) || failed=1; \
	exit $$failed

docs: $(VENV)/.dev ## write the pages that are made from code
	@$(BIN)/python -m relay.metrics > docs/metrics.md
	@$(BIN)/python -m relay.workbench.reference > docs/rule-reference.md
	@$(BIN)/relay rules schema > docs/schema/rule.schema.json
	@$(BIN)/relay config schema > docs/schema/relay.schema.json
	@$(BIN)/relay usage schema > docs/schema/usage-events.schema.json
	@$(BIN)/python -m tests.compatibility > $(VENV)/compatibility.md
	@mv $(VENV)/compatibility.md docs/compatibility.md

lock: $(VENV)/.audit ## pin what the image has, with hashes (ARGS=--upgrade takes the newest)
	@$(LOCK) --extra jetstream --extra sentry --extra usage --output-file requirements.lock pyproject.toml $(ARGS)
	@$(LOCK) --output-file requirements-build.lock requirements-build.in $(ARGS)
	@echo "written: requirements.lock, requirements-build.lock"

audit: $(VENV)/.audit ## look for known holes in what the image has; needs the network
	@failed=0; for lock in requirements.lock requirements-build.lock; do \
		$(BIN)/pip-audit --requirement $$lock --require-hashes --disable-pip --strict \
			--progress-spinner off $(ARGS) || failed=1; \
	done; \
	[ $$failed = 0 ] || { \
		echo "audit: something was found, or NOT EVERYTHING COULD BE LOOKED UP: see above." >&2; \
		echo "audit: it asks the package index for advisories; ARGS='-s osv' asks OSV." >&2; \
		exit 1; \
	}

picture: $(VENV)/.dev node clients-set-up ## take the README's pictures again: demo, playground, overview
	@$(BIN)/python deploy/demo/demo.py --svg docs/pictures/demo.svg > /dev/null
	@$(BIN)/python -m tests.system.playground docs/pictures

setup: $(VENV)/.dev node clients-set-up ## install everything, and do nothing else

# A real JavaScript SDK speaks to the relay in some tests; without npm those are skipped.
node: ## install the packages of the tests that need node
	@cd $(NODE_TESTS) 2>/dev/null && [ -f package.json ] || exit 0; \
	if ! command -v npm >/dev/null 2>&1; then \
		echo "npm is not here: the tests with node will be skipped"; \
	elif [ ! -e node_modules/.installed ] || [ package.json -nt node_modules/.installed ]; then \
		echo "== npm install"; \
		if npm install --no-package-lock --no-audit --no-fund --loglevel=error; then \
			touch node_modules/.installed; \
		else \
			echo "npm install failed: the tests with node will be skipped" >&2; \
		fi; \
	fi

# An old sentry-sdk beside the newest, and a browser; what cannot be had is skipped, and said.
clients-set-up: $(VENV)/.dev
	@if [ ! -e $(OLD_SDK)/.tried ]; then \
		echo "== sentry-sdk 1.x"; mkdir -p $(OLD_SDK); touch $(OLD_SDK)/.tried; \
		$(BIN)/python -m pip install --quiet --target $(OLD_SDK) 'sentry-sdk<2' 2>/dev/null || \
			echo "sentry-sdk 1.x cannot be had: its tests will be skipped" >&2; \
	fi
	@if ! command -v chromium >/dev/null 2>&1 && [ ! -e $(VENV)/.chromium ]; then \
		touch $(VENV)/.chromium; \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
			echo "== apt-get install chromium"; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
				--no-install-recommends chromium; } >/dev/null 2>&1 || true; \
		fi; \
		command -v chromium >/dev/null 2>&1 || \
			echo "chromium cannot be had: the tests with a browser will be skipped" >&2; \
	fi

clean: ## remove what is made here, the environment too
	rm -rf $(VENV) $(NODE_TESTS)/node_modules $(OLD_SDK) build dist .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis .import_linter_cache .coverage .mutants .fuzz

$(VENV)/.run: pyproject.toml | $(BIN)/python
	@if [ ! -e $(VENV)/.dev ] || [ pyproject.toml -nt $(VENV)/.dev ]; then \
		echo "installing the relay"; \
		$(BIN)/python -m pip install --quiet --editable .; \
	fi
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "installing the relay and its development tools"
	@$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

$(VENV)/.mutation: pyproject.toml | $(VENV)/.dev
	@$(BIN)/python -c 'import mutmut' 2>/dev/null || { \
		echo "installing what makes mutants"; \
		$(BIN)/python -m pip install --quiet --editable '.[mutation]'; \
	}
	@touch $@

$(VENV)/.fuzz: pyproject.toml | $(VENV)/.dev
	@$(BIN)/python -c 'import atheris' 2>/dev/null || { \
		echo "installing what fuzzes"; \
		$(BIN)/python -m pip install --quiet --editable '.[fuzz]'; \
	}
	@$(BIN)/python -c 'import atheris' 2>/dev/null || { \
		echo "atheris cannot be had here: it needs Linux, and a Python before 3.14" >&2; exit 1; }
	@touch $@

$(VENV)/.audit: pyproject.toml | $(BIN)/python
	@echo "installing what pins and audits dependencies"
	@$(BIN)/python -m pip install --quiet --editable '.[audit]'
	@touch $@

$(BIN)/python:
	@set -eu; \
	for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "creating $(VENV) with $$python"; \
			$$python -m venv $(VENV) && exit 0; \
			rm -rf $(VENV); \
			echo "$$python cannot make an environment (on Debian: apt install python3-venv)" >&2; \
			exit 1; \
		fi; \
	done; \
	echo "Python 3.11 or newer is needed; PYTHON=/path/to/python names one" >&2; \
	exit 1
