# Needs python3 (3.11 or later) and make; `make lock` alone fetches uv. `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help demo up test check chaos fuzz bench lock schema screens words clean
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
# Processes start by the hundred, each of which would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin
ENV := .venv/.made
WORDS := src/tolva/web/pages src/tolva/workloads/intake src/tolva/workloads/webhooks
BENCH_ENV := .venv/.made-bench
IMAGE := embedded redis sqs celery dramatiq

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name what; do \
	  printf '  make %-8s %s\n' "$$name" "$$what"; done

demo: $(ENV) ## Load 3,000 sample products through the API: everything once, from file to table
	@$(BIN)/tolva demo

up: $(ENV) ## PostgreSQL, API and workers until Ctrl-C
	@$(BIN)/tolva up

# What makes a process one of Celery's or Dramatiq's as soon as it is imported.
HOSTS := --ignore=src/tolva/engines/dramatiq.py --ignore-glob='src/tolva/serve/*_host.py'
# More testers than cores: most of the time a test waits for other processes.
TESTERS ?= 4
test: $(ENV) ## The doctests and the suite, on real PostgreSQL
	@tests/browser/install.sh
	@tests/deploy/install.sh
	$(BIN)/pytest --doctest-modules src tests/spread.py $(HOSTS)
	$(BIN)/pytest -m "not long" --numprocesses $(TESTERS) --no-loadscope-reorder

check: $(ENV) ## Style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

chaos: $(ENV) ## The long form of the chaos runs: kill, freeze and restart, for minutes
	$(BIN)/pytest -m long tests/chaos -s

MINUTES ?= 60
fuzz: $(ENV) ## Damaged files through reader and mapper, calls of every kind through the API, for an hour or MINUTES=…
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)
	MINUTES=$(MINUTES) $(BIN)/pytest -m long tests/api -s

bench: $(BENCH_ENV) ## Tolva beside its peers, on a server of its own or on BENCH_DSN and REDIS_URL
	$(BIN)/python -m bench.jobs
	$(BIN)/python -m bench.tables
	$(BIN)/python -m bench.accept
	$(BIN)/python -m bench.lists
	$(BIN)/python -m bench.live
	$(BIN)/python -m bench.pages

lock: $(ENV) ## Newer dependencies into all lock files
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --upgrade \
	  --extra embedded --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --upgrade \
	  --extra embedded --group dev --group bench pyproject.toml -o requirements-bench.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  $(IMAGE:%=--extra %) -c requirements.lock pyproject.toml -o requirements-image.lock

schema: $(ENV) ## Write src/tolva/db/schema.sql and docs/settings.md anew, from the migrations and from settings.py
	TOLVA_RENEW_SCHEMA=1 $(BIN)/pytest tests/jobs/test_schema_file.py
	$(BIN)/python docs/make_settings.py

screens: $(ENV) ## Picture the pages anew into docs/screens
	$(BIN)/python -m docs.make_screens

words: $(ENV) ## Bring the translations' files into line with the templates; what is new is left to be translated
	@for package in $(WORDS); do for language in es pt; do \
	  $(BIN)/pybabel --quiet extract --no-location --sort-output --omit-header -k NavItem:2 -k Deed:2 -F babel.cfg -o .words.pot $$package && touch $$package/locales/$$language.po && \
	  $(BIN)/pybabel --quiet update --no-fuzzy-matching --no-wrap --omit-header --ignore-obsolete -l $$language -i .words.pot -o $$package/locales/$$language.po; done; done; rm -f .words.pot

clean: ## Remove the environment and every cache; data folders stay
	rm -rf .venv node_modules src/tolva/web/pages/static/vendor .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment, brought into line when the lock or the project's metadata changes; from nothing after `make clean`.
$(ENV): requirements.lock pyproject.toml $(wildcard package-lock.json) hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tolva needs Python 3.11 or later; name one: make PYTHON=python3.12 …")'
	@echo 'Installing what it needs into .venv: a few minutes the first time.'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(BENCH_ENV): $(ENV) requirements-bench.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@
