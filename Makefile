.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

setup: $(READY) ## make a virtual environment in .venv with everything the tests need

demo: $(READY) ## sweep the straddle backtest on embedded data, about a minute
	$(BIN)/workbench demo

test: $(READY) ## run the tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadscope

soak: $(READY) ## kill thousands of workers at random and print what each kill costs (minutes)
	$(BIN)/python -m pytest -m soak --numprocesses 0

format: $(READY) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(READY) ## format check, ruff, mypy, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## everything that must pass before a change is shared

schemas: $(READY) ## write the published JSON Schemas from the types
	for name in report config event comparison run run-event; do $(BIN)/workbench config schema $$name > engine/schemas/$$name.schema.json; done
	$(BIN)/workbench config schema settings > workbench/settings.schema.json

screenshots: $(READY) ## write screenshots/ from a recorded sweep
	$(BIN)/python screenshots/make.py

table: $(READY) ## measure the straddle table of the README (several minutes)
	$(BIN)/python benchmarks/straddles.py

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: help setup demo test soak format lint check schemas screenshots table clean
