# `make app` opens the app, `make test` runs everything that takes minutes, `make acceptance` measures the figures of docs/.
# On a machine with nothing but Python (3.11 or later) each makes .venv first; later calls find it there.

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help app test lint lint-js lock audit doctor bench load faults acceptance chromium

help:
	@echo "make app         install what is missing and open the app"
	@echo "make test        install what the tests need and run them"
	@echo "make lint        style, docstrings, signatures and types"
	@echo "make lock        pin what requirements.txt allows to today's versions, in requirements.lock"
	@echo "make audit       known vulnerabilities of the locked versions"
	@echo "make doctor      is this machine fit, and is what was saved on it whole? (the engine's part, and the app's library)"
	@echo "make bench       time the engine beside its peers (BENCH='--quick' for a look)"
	@echo "make load        many visitors on one server: what they wait (LOAD='--sessions 1,10' for a look)"
	@echo "make faults      kills, full disks, bad input and rushes on purpose (FAULTS='--list' says what and how long)"
	@echo "make acceptance  measure the figures of docs/ against their targets"

app: $(VENV)/.app-installed
	$(BIN)/streamlit run streamlit_app.py

# One worker a core: most of the time goes into compiling, which one core does for one program.
test: $(VENV)/.dev-installed chromium
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev-installed lint-js
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/check_signatures.py
	$(BIN)/basedpyright --pythonpath $(BIN)/python

# Rules, format and the types in the comments of the dashboard's JavaScript; without npm this part is skipped, and says so.
lint-js:
	@cd dashboard/components && if ! command -v npm >/dev/null; then \
	  echo "No npm here: the JavaScript is not looked at (sudo apt install npm brings it)."; \
	elif [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent --no-audit --no-fund; then npm run --silent lint; \
	else echo "Biome and TypeScript could not be installed: the JavaScript is not looked at."; fi

# Every version that `make app` installs, with its hashes, for a host that installs the same again. One version for all Pythons:
# the one that the tests ran with. uv works it out from the public index, whatever this machine's pip is told.
lock: $(VENV)/.lock-tool/bin/uv
	$< pip compile --no-config --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --upgrade --quiet --custom-compile-command "make lock" --output-file requirements.lock requirements.txt

$(VENV)/.lock-tool/bin/uv: | $(VENV)/.made
	$(INSTALL) --target $(VENV)/.lock-tool 'uv>=0.9,<0.14'

# Known vulnerabilities of what is locked. Their list is on the web: where it cannot be reached, a line says so.
audit: $(VENV)/.audit-tool/.installed
	PYTHONPATH=$(VENV)/.audit-tool $(BIN)/python tools/audit.py

$(VENV)/.audit-tool/.installed: | $(VENV)/.made
	$(INSTALL) --target $(VENV)/.audit-tool 'pip-audit>=2.9,<3'
	@touch $@

# The engine does not know the app, so the app's part is named.
doctor: $(VENV)/.app-installed
	$(BIN)/python -m maml_engine doctor --import dashboard.runs

# The peers live in an environment of their own: PyTorch's is larger than all of ours.
bench: $(VENV)/.app-installed benchmarks/.venv/.installed
	$(BIN)/python -m benchmarks.run $(BENCH)

load: $(VENV)/.app-installed
	$(BIN)/python -m benchmarks.load $(LOAD)

faults: $(VENV)/.dev-installed
	$(BIN)/python -m benchmarks.faults $(or $(FAULTS),--all)

benchmarks/.venv/.installed: benchmarks/requirements.txt | $(VENV)/.made
	$(BIN)/python -m venv benchmarks/.venv
	benchmarks/.venv/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

acceptance: $(VENV)/.dev-installed chromium
	$(BIN)/python -m pytest tests/acceptance -m acceptance -s

# The engine itself as well, as it stands here: with it comes the command $(BIN)/maml, and a script of yours runs from any folder.
$(VENV)/.app-installed: requirements.txt pyproject.toml | $(VENV)/.made
	$(INSTALL) -r requirements.txt --editable .
	@touch $@

$(VENV)/.dev-installed: requirements.txt requirements-dev.txt pyproject.toml | $(VENV)/.made
	$(INSTALL) -r requirements-dev.txt --editable .
	@touch $@ $(VENV)/.app-installed

# Debian keeps the module that makes environments in a package of its own.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "MAML Lab needs Python 3.11 or later as '$(PYTHON)'; name another one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV) || { \
	  version=$$($(PYTHON) -c 'import sys; print("python3.%d-venv" % sys.version_info[1])'); \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && apt-get install -y -qq $$version && $(PYTHON) -m venv $(VENV); \
	  else \
	    echo "Python lacks its venv module; install it first: sudo apt install $$version" >&2; exit 1; \
	  fi; }
	@touch $@

# The browser tests drive a real one; without it they are skipped, and say so.
chromium:
	@command -v chromium >/dev/null || { \
	  if ! command -v apt-get >/dev/null; then echo "No chromium here: the browser tests will be skipped."; \
	  elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium; \
	  elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq chromium; \
	  else echo "No chromium here: the browser tests will be skipped (sudo apt install chromium brings it)."; fi; } \
	  || echo "Chromium could not be installed: the browser tests will be skipped."
