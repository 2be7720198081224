VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCKED := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes

# Side by side, and then those that need the machine for themselves
TESTS := $(BIN)/pytest -n auto -m 'not alone'; together=$$?; $(BIN)/pytest -m alone && exit $$together

.DEFAULT_GOAL := help
.PHONY: help env demo test check audit lock dist format faults soak threats fuzz bench bench-quick bench-compare docs clean

help:  ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(STAMP)  ## our own environment in .venv

$(STAMP): pyproject.toml locks/dev.txt
	@echo "1 of 3: an empty environment in $(VENV)"
	@python3 -m venv $(VENV)
	@echo "2 of 3: what loopcam and its tests need, each file with the hash that is locked, from the package index: a minute or two, minutes on a slow network"
	@$(LOCKED) -r locks/dev.txt
	@echo "3 of 3: loopcam itself, from here"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)  ## an autoscaler stalls under a real daemon: see the report
	@$(BIN)/loopcam demo $(if $(SOURCE),--source $(SOURCE)) $(if $(STALL),--stall $(STALL))

test: $(STAMP)  ## every test, real py-spy on real processes included
	$(TESTS)

check: $(STAMP)  ## format, lint, types, layers, known vulnerabilities, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m release.audit
	$(TESTS)

audit: $(STAMP)  ## whether a locked package has a known vulnerability
	$(BIN)/python -m release.audit

lock: $(STAMP)  ## the locks anew, after pyproject.toml; UPGRADE=1 for the newest of everything
	@$(LOCKED) -r locks/lock.txt
	$(BIN)/python -m release.lock $(if $(UPGRADE),--upgrade)

dist: $(STAMP)  ## what a release consists of, in dist/: wheel, sources, charts, bills of materials, sums
	$(BIN)/python -m release.dist

format: $(STAMP)  ## mend what a tool can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

faults: $(STAMP)  ## each fault that it must survive, injected, and a table of what came of it
	$(BIN)/pytest -q --faults $(if $(PAGE),--faults-page $(PAGE))

soak: $(STAMP)  ## the same as often as a release is to stand: hours
	$(BIN)/pytest -q --faults --soak $(if $(PAGE),--faults-page $(PAGE))

threats: $(STAMP)  ## each threat, played against a real daemon where it can be
	$(BIN)/pytest -q -m threat

fuzz: $(STAMP)  ## every parser of what others wrote, given any bytes: minutes; EXECUTIONS=10000000 for hours
	@$(LOCKED) -r locks/fuzz.txt
	$(BIN)/python -m tests.fuzz --executions $(or $(EXECUTIONS),200000)

bench: $(STAMP)  ## the figures we aim at, each beside its comparison: 20 minutes on a quiet machine
	$(BIN)/python -m benchmarks $(if $(JSON),--json $(JSON)) $(if $(PAGE),--markdown $(PAGE))

bench-quick: $(STAMP)  ## the bounds that hold on a busy machine too, for CI: a minute
	$(BIN)/python -m benchmarks --quick

bench-compare: $(STAMP)  ## two commits in turn: BEFORE=HEAD~1 AFTER=HEAD
	$(BIN)/python -m benchmarks compare $(or $(BEFORE),$(error BEFORE is missing, the commit to compare with: make bench-compare BEFORE=HEAD~1)) $(or $(AFTER),HEAD) $(NAMES)

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
	$(BIN)/python -m tests.security.table
	$(BIN)/python -m benchmarks.tightening

clean:  ## remove what make made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis loopcam-demo dist
