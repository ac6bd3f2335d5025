# The commands of this project. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=

export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
# The forecast's matrices are small: on a busy machine threads of their own only wait for each other.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(READY) ## Set up the environment (done by every other command too)

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV): a minute or two, once."
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $(READY)

.PHONY: run
run: $(READY) ## Run the night: extract, build, check, publish, and show what came out
	@$(BIN)/python -m orchestration run $(ARGS)

.PHONY: run-crms
run-crms: $(READY) ## Run the night on stand-ins of the five CRMs, on this machine
	@$(BIN)/python -m tests.crm.run_all $(ARGS)

.PHONY: ui
ui: $(READY) ## Serve the orchestrator on http://127.0.0.1:3000
	@$(BIN)/python -m orchestration ui $(ARGS)

.PHONY: summary
summary: $(READY) ## Show the last published night again
	@$(BIN)/python -m orchestration summary $(ARGS)

.PHONY: report
report: $(READY) ## Write the published night's report, one HTML file, again
	@$(BIN)/python -m orchestration report $(ARGS)

.PHONY: failing-rows
failing-rows: $(READY) ## Show the rows behind a failed check: make failing-rows CHECK=name
	@$(BIN)/python -m orchestration failing-rows $(CHECK) $(ARGS)

.PHONY: backfill
backfill: $(READY) ## Lay out days anew: make backfill FROM=2017-03-01 TO=2017-03-31
	@$(BIN)/python -m orchestration backfill --from $(FROM) --to $(TO) $(ARGS)

.PHONY: replay
replay: $(READY) ## A past day as it was known then: make replay AS_OF=2017-03-31 KNOWN_UNTIL=2017-04-01
	@$(BIN)/python -m orchestration replay --as-of $(AS_OF) --known-until $(KNOWN_UNTIL) $(ARGS)

.PHONY: check-sources
check-sources: $(READY) ## Try every configured source: credentials, permissions, objects, fields
	@$(BIN)/python -m orchestration check-sources $(ARGS)

.PHONY: test
test: $(READY) ## Run the tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m 'not benchmark' $(ARGS)

.PHONY: bench
bench: $(READY) ## Measure nights on large made-up companies: make bench DEALS="100000 1000000"
	@$(BIN)/python -m tests.benchmarks.bench $(DEALS) $(ARGS)

.PHONY: bench-forecast
bench-forecast: $(READY) ## Judge the forecast on made-up companies of known law (200 of each kind)
	@$(BIN)/python -m tests.benchmarks.forecast_worlds $(ARGS)

.PHONY: lint
lint: $(READY) ## Check format, style, types and SQL
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@DBT_TARGET_PATH=.funnel/dbt/lint DBT_LOG_PATH=.funnel/dbt/lint $(BIN)/sqlfluff lint dbt_project

.PHONY: format
format: $(READY) ## Put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: lock
lock: $(READY) ## Resolve the dependencies of pyproject.toml into requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --no-strip-extras \
		--python-version 3.11 --generate-hashes --no-header --quiet --output-file requirements.lock

.PHONY: clean
clean: ## Remove the environment and the default state folder
	@rm -rf $(VENV) .funnel
