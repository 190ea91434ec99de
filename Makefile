# All jobs run in .venv, which the first one creates. Nothing outside this directory is touched.
# Arguments for the job's command: make test ARGS="tests/web -k landing"

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
SYNCED := $(VENV)/.synced
BENCH_SYNCED := $(VENV)/.bench-synced
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11
# One at a time: `make run` and `make test` may be started together.
LOCKED := -c 'import fcntl, os, sys; lock = os.open(".venv.lock", os.O_RDWR | os.O_CREAT, 0o600); \
	os.set_inheritable(lock, True); fcntl.flock(lock, fcntl.LOCK_EX); os.execvp(sys.argv[1], sys.argv[1:])' sh -ec
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadgroup

.DEFAULT_GOAL := help
# Bytecode is kept, whatever the shell says: without it, each service that a test starts compiles the project anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test test-processes test-all coverage browsers screenshots conformance typescript check format docs messages migrate bench trips lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(SYNCED) ## Serve in the foreground; Ctrl-C stops it
	@exec $(BIN)/python -m app serve $(ARGS)

test: $(SYNCED) ## Run the tests, except those that the next two add
	@$(PYTEST) -m "not slow and not processes" $(ARGS)

test-processes: $(SYNCED) ## Run the tests that start and kill services and databases, listen on ports, plant faults, or fill a household
	@$(PYTEST) -m "processes and not slow" $(ARGS)

test-all: $(BENCH_SYNCED) ## Run all tests
	@$(PYTEST) $(ARGS)

coverage: $(SYNCED) ## Run the tests, and show which branches of app/ they don't reach
	@$(PYTEST) -m "not slow" --cov --cov-report=term $(ARGS)

screenshots: $(SYNCED) ## Take pictures of every page into docs/screenshots
	@$(BIN)/python -m tests.browsers.screenshots

conformance: $(SYNCED) ## Run MCP's conformance tool, which comes from npm, and write docs/conformance.md
	@$(BIN)/python -m tests.conformance

browsers: $(SYNCED) ## Run the tests of the pages in Chromium, with axe-core from npm
	@$(BIN)/python -m pytest -m browsers tests/browsers $(ARGS)

typescript: $(SYNCED) ## Run MCP's TypeScript client, and what hosts compile schemas with, from npm and PyPI
	@$(BIN)/python -m pytest tests/typescript tests/converters $(ARGS)

check: $(SYNCED) ## Check style, types, layers and the deployment files
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/pyright
	@$(BIN)/lint-imports
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
# hadolint is a program for a few platforms only.
	@if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint Dockerfile; else echo "no hadolint here: Dockerfile not checked"; fi

format: $(SYNCED) ## Sort imports, fix what can be fixed, format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

docs: $(SYNCED) ## Write docs/security.md from the markers of the tests, docs/limits.md and docs/tools.md from the code
	@$(BIN)/python -m tests.security
	@$(BIN)/python -m tests.limits
	@$(BIN)/python -m tests.tools

messages: $(SYNCED) ## Bring the catalogues of the pages' languages up to date, and list what is to be translated
	@$(BIN)/python -m tests.languages

migrate: $(SYNCED) ## Migrate the database to the newest schema
	@$(BIN)/python -m app migrate $(ARGS)

bench: $(BENCH_SYNCED) ## Compare the service with its limit and its peers, and write docs/benchmarks.md
	@$(BIN)/python -m bench $(ARGS)

trips: $(SYNCED) ## Count the calls, files and SQL of typical requests (ARGS=--files lists the files)
	@$(BIN)/python -m bench.trips $(ARGS)

lock: $(SYNCED) ## Pin all Python dependencies (ARGS=--upgrade takes newer versions)
	@$(COMPILE) $(ARGS) pyproject.toml --extra redis --extra recipes -o requirements.txt
	@$(COMPILE) $(ARGS) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	@$(COMPILE) $(ARGS) bench/requirements.in -c requirements-dev.txt -o bench/requirements.txt
	@$(COMPILE) $(ARGS) bench/peers/fastmcp/requirements.in -o bench/peers/fastmcp/requirements.txt
	@$(COMPILE) $(ARGS) tests/converters/requirements.in -o tests/converters/requirements.txt

# Synced again when the pinned dependencies change.
$(SYNCED): requirements-dev.txt | $(BIN)/uv
	@$(BIN)/python $(LOCKED) '[ $@ -nt $< ] && exit; \
		$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements-dev.txt; \
		touch $@'

# On top of the development tools, which neither need nor pin what is installed here.
$(BENCH_SYNCED): bench/requirements.txt $(SYNCED)
	@$(BIN)/python $(LOCKED) '[ $@ -nt $< ] && [ $@ -nt $(SYNCED) ] && exit; \
		$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r bench/requirements.txt; \
		touch $@'

# pip installs uv, checked against its hash like everything else, and uv installs the rest.
$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "$(PYTHON) is missing or older than 3.11; name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv module; install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(PYTHON) $(LOCKED) '[ -x $@ ] && exit; \
		echo "Preparing $(VENV), once ..."; \
		$(PYTHON) -m venv --clear $(VENV); \
		sed -n "/^uv==/,/[^\\\\]$$/p" requirements-dev.txt > $(VENV)/uv.txt; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.txt'
