# The way into Yaosu. It needs make and Python 3.11 or newer with venv; everything else is fetched by the set-up.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name) 2>/dev/null)) python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PROTOS := $(shell find proto -name '*.proto')

# What a run may be told: make demo ARGS="--patients a.csv --conditions b.csv --bim c.ifc", make test ARGS="-k pledge".
ARGS ?=
DATA ?= var/market
STACK ?= var/stack
PORT ?= 8000
# Test processes; two keep a small machine busy, and each has a PostgreSQL of its own.
WORKERS ?= 2
# Whether the counts of a long run are written down in docs/.
KEEP ?=

INSTALLED := $(VENV)/installed
INSTALLED_DEV := $(VENV)/installed-dev
CONTRACTS := generated/made

##@ Use it
.PHONY: demo
demo: setup ## Run both headline cases as a story, from raw file to settled money and released pledge
	@$(BIN)/yaosu demo --data $(DATA) $(ARGS)

.PHONY: up
up: setup ## Open the market with the data of the last demo (DATA=var/market PORT=8000)
	@$(BIN)/yaosu up --data $(DATA) --port $(PORT) $(ARGS)

.PHONY: stack
stack: setup-dev ## Open a market as in production: real servers, a process for each service's API and worker (STACK=var/stack)
	@$(BIN)/yaosu stack --data $(STACK) --port $(PORT) $(ARGS)

.PHONY: setup
setup: $(INSTALLED) $(CONTRACTS) ## Make .venv, install the locked parts, build the contracts; quick when nothing changed

##@ Change it
.PHONY: test
test: setup-dev ## Run the whole suite (ARGS="-k pledge" for a part, WORKERS=0 for one process)
	@$(BIN)/python -m pytest -n $(WORKERS) -q $(ARGS)

.PHONY: promises
promises: setup-dev ## Break everything in turn for about 25 minutes (KEEP=1 writes the counts for docs/promises.md)
	@YAOSU_KEEP_COUNTS=$(KEEP) $(BIN)/python -m pytest -n $(WORKERS) -q -m promises $(ARGS)

.PHONY: promises-night
promises-night: setup-dev ## The same for a night, with many seeds
	@YAOSU_KEEP_COUNTS=$(KEEP) $(BIN)/python -m pytest -n $(WORKERS) -q -m "promises or night" $(ARGS)

.PHONY: check
check: setup-dev ## Format, lint, types, import contracts, proto lint, architecture tests, freshness of pages
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted: run 'make format'."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.lint_contracts
	@$(BIN)/python -m pytest -q tests/architecture

.PHONY: lint-deploy
lint-deploy: setup-dev ## Check deploy/ with Docker Compose and Helm, which are built once (needs Go)
	@deploy/lint

.PHONY: format
format: setup-dev ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

.PHONY: docs
docs: setup-dev ## Write the generated pages anew: problems, promises, settings, OpenAPI
	@$(BIN)/python -m tools.write_pages

.PHONY: samples
samples: setup ## Make the invented sample files anew
	@$(BIN)/python -m tools.make_samples

.PHONY: bench
bench: setup-dev ## Measure start, demo, an underwriting call and a large profile
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: lock
lock: ## Resolve the parts anew into requirements/ (needs uv)
	@tools/lock

.PHONY: clean
clean: ## Remove what the other targets made, market data excepted
	@rm -rf $(VENV) generated dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## Print this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# The set-up, in steps that are repeated only when what they are made from has changed.

.PHONY: setup-dev
setup-dev: setup $(INSTALLED_DEV)

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { echo "Yaosu needs Python 3.11 or newer; no python3 was found."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Yaosu needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" --version). Try: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); echo "Its venv module is missing; on Debian: apt install python3-venv"; exit 1; }

$(INSTALLED): requirements/runtime.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Installing the locked parts (a minute or two the first time)"
	@$(PIP) install --require-hashes -r requirements/runtime.txt
	@$(PIP) install --require-hashes -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(INSTALLED_DEV): requirements/dev.txt $(INSTALLED)
	@echo "Installing what tests and checks need"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(CONTRACTS): $(PROTOS) $(INSTALLED)
	@rm -rf generated && mkdir generated
	@$(BIN)/python -m grpc_tools.protoc -Iproto --python_out=generated --pyi_out=generated --grpc_python_out=generated $(PROTOS)
	@touch generated/yaosu/py.typed $@
