# `make demo` and `make test` set up everything they need in .venv; see README.md.
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/pip --disable-pip-version-check --quiet
export PIP_CONSTRAINT := constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test test-any-day lint fix fuzz audit soak pictures compare
.PHONY: bench bench-replicas bench-finding bench-quality bench-posting bench-loading bench-kills

help: ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run ## try Parley in the browser, without Slack (CORPUS=folder PORT=8765)
	@exec $(VENV)/bin/python -m bot demo $(if $(CORPUS),--corpus "$(CORPUS)") $(if $(PORT),--port $(PORT))

test: $(VENV)/.dev ## run every test, on up to four cores
	@$(VENV)/bin/python -m pytest --numprocesses auto --maxprocesses 4

# libfaketime moves the clock of pytest and of the bots that tests start. It does not move PostgreSQL,
# Chromium, the monotonic clock and the times of files: tests/any_day.py says why.
test-any-day: $(VENV)/.dev ## run the tests on days that break tests (DAY=saturday TESTS=...; needs libfaketime)
	@$(VENV)/bin/python -m tests.any_day $(DAY) $(if $(TESTS),--tests "$(TESTS)")

lint: $(VENV)/.dev ## ruff, mypy --strict and the import rules
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

fix: $(VENV)/.dev ## mend what ruff can mend
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

fuzz: $(VENV)/.dev ## look for inputs that break an entrance (SECONDS=60, each of three)
	@$(PIP) install --editable '.[fuzz]'
	@for entrance in document words payload; do \
		$(VENV)/bin/python -m tests.bench.fuzz $$entrance \
			-max_total_time=$(or $(SECONDS),60) -artifact_prefix=/tmp/ || exit 1; done

audit: $(VENV)/.dev ## ask whether anything installed is known to be vulnerable (needs the network)
	@$(PIP) install --editable '.[audit]'
	@$(VENV)/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict

bench: $(VENV)/.dev ## how fast /brief is answered, beside a bare Bolt app (ROUNDS=3 SIZE= CORPUS= LOOKUPS=)
	@$(VENV)/bin/python -m tests.bench.answering $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(SIZE),--size $(SIZE)) \
		$(if $(CORPUS),--corpus "$(CORPUS)") $(if $(LOOKUPS),--lookups "$(LOOKUPS)")

soak: $(VENV)/.dev ## everything at once for an hour (SECONDS=3600)
	@$(VENV)/bin/python -m tests.bench.soak $(if $(SECONDS),--seconds $(SECONDS))

bench-replicas: $(VENV)/.dev ## three bots, one killed while it posts (CHANNELS=500)
	@$(VENV)/bin/python -m tests.bench.replicas $(if $(CHANNELS),--channels $(CHANNELS))

bench-quality: $(VENV)/.dev ## how well look-ups are answered (CORPUS=folder LOOKUPS=file.jsonl)
	@$(VENV)/bin/python -m tests.bench.quality $(or $(CORPUS),store/starter) \
		$(or $(LOOKUPS),tests/store/finding/lookups.jsonl)

bench-posting: $(VENV)/.dev ## kills, a crowd and a year: posts counted and timed (KILLS=1000, half an hour)
	@$(VENV)/bin/python -m tests.bench.sigkill --kills $(or $(KILLS),1000)
	@$(VENV)/bin/python -m tests.bench.sigkill --kills $(or $(KILLS),1000) --database postgres
	@$(VENV)/bin/python -m tests.bench.crowd
	@$(VENV)/bin/python -m tests.bench.year

bench-finding: $(VENV)/.bench ## ways of finding a story, side by side (SIZE=100000)
	@$(VENV)/bin/python -m tests.bench.finding $(if $(SIZE),--size $(SIZE))

pictures: $(VENV)/.dev ## take the README's pictures anew (needs chromium; handsome with fonts-lato)
	@$(VENV)/bin/python -m pytest tests/browser --pictures docs

compare: $(VENV)/.dev ## play one day against this workspace and npm's emulate (needs Node 20)
	@npm install --silent --ignore-scripts --no-save --prefix $(VENV)/emulate emulate@0.11.2
	@$(VENV)/bin/python -m tests.compare $(VENV)/emulate/node_modules/.bin/emulate

bench-loading: $(VENV)/.dev ## how fast a corpus loads, and what people wait meanwhile (SIZE=100000)
	@$(VENV)/bin/python -m tests.bench.loading $(if $(SIZE),--size $(SIZE))

bench-kills: $(VENV)/.dev ## kill a reload at random, again and again (KILLS=200)
	@$(VENV)/bin/python -m tests.bench.kills $(if $(KILLS),--kills $(KILLS))

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Parley needs Python 3.11 or later; name one with PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No virtual environment: on Debian and Ubuntu, apt install python3-venv"; exit 1; }

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/pip
	@echo "Installing Parley into $(VENV) ..."
	@$(PIP) install --editable '.[meaning]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/pip
	@echo "Installing Parley and its development tools into $(VENV) ..."
	@$(PIP) install --editable '.[dev,meaning]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.dev
	@$(PIP) install --editable '.[bench]'
	@touch $@
