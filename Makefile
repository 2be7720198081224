VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help env demo test check format faults soak fuzz bench docs clean

help:  ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(STAMP)  ## our own environment in .venv

$(STAMP): pyproject.toml constraints.txt
	@echo "1 of 3: an empty environment in $(VENV)"
	@python3 -m venv $(VENV)
	@echo "2 of 3: loopcam and what it needs, from the package index: a minute or two, minutes on a slow network"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]' austin-dist psutil toml
	@echo "3 of 3: what reads austin's files"
	@# austin-python wants a protobuf of 2022 for what we do not use of it
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps austin-python
	@touch $@

demo: $(STAMP)  ## an autoscaler stalls under a real daemon: see the report
	@$(BIN)/loopcam demo $(if $(SOURCE),--source $(SOURCE)) $(if $(STALL),--stall $(STALL))

test: $(STAMP)  ## every test, real py-spy on real processes included
	$(BIN)/pytest

check: $(STAMP)  ## format, lint, types, layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

format: $(STAMP)  ## mend what a tool can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

faults: $(STAMP)  ## each fault that it must survive, injected, and a table of what came of it
	$(BIN)/pytest -q --faults $(if $(PAGE),--faults-page $(PAGE))

soak: $(STAMP)  ## the same as often as a release is to stand: hours
	$(BIN)/pytest -q --faults --soak $(if $(PAGE),--faults-page $(PAGE))

fuzz: $(STAMP)  ## every parser of what others wrote, given any bytes: minutes; EXECUTIONS=10000000 for hours
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt 'atheris>=3'
	$(BIN)/python -m tests.fuzz --executions $(or $(EXECUTIONS),200000)

bench: $(STAMP)  ## the figures we aim at, each beside its comparison
	$(BIN)/python -m benchmarks

docs: $(STAMP)  ## write the generated parts of the docs again
	$(BIN)/python -m report.schema
	$(BIN)/loopcam schema > docs/config.schema.json
	$(BIN)/python -m daemon.config.tables
	$(BIN)/python -m daemon.commands.demo_words docs/demo.md
	$(BIN)/python -m daemon.config.chart_schemas
	$(BIN)/python -m daemon.config.chart_tables
	$(BIN)/python -m report.verdict.table
	$(BIN)/python -m daemon.web.openapi
	$(BIN)/python -m tests.faults.table

clean:  ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis loopcam-demo
