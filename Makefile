# One command each; all of them make the environment first, if it is missing or out of date.
#   make app     the chapters as a web site on http://localhost:8866     (PORT=... for another port)
#   make lab     the same chapters in JupyterLab
#   make test    every check, pages in a real browser included
#   make test-minimum   the tests with the lowest versions of everything that pyproject.toml allows
#   make test-deploy    deploy/ with a real JupyterHub and five users (needs npm)
#   make lint    only the style and type checks
#   make docs    the documentation, in docs/_build/html
#   make engine  engine.wasm, from engine.c
#   make clean   remove what these commands made

# The newest acceptable Python, unless PYTHON says which: python3 itself if it is 3.11 or later.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$python; break; fi; done)

VENV := .venv
MINIMUM := .venv-minimum
BIN := $(VENV)/bin
PORT ?= 8866
# Test files that run at the same time; each has a browser and servers of its own.
JOBS ?= 3
SIDE_BY_SIDE = --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder
# Each server has its own usual port; PORT=... on the command line is for whichever is started.
LAB_PORT := $(if $(filter command environment,$(origin PORT)),$(PORT),8888)

# Used only where something is missing; asks for a password where the user is not root.
APT = $(shell [ "$$(id -u)" = 0 ] || echo sudo) env DEBIAN_FRONTEND=noninteractive apt-get

# Where this is set, every server and every kernel would compile all that it imports, each time anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help app lab test test-minimum test-deploy style lint docs engine clean chromium

help: ## Say what can be made
	@echo "make app    the chapters as a web site on http://localhost:$(PORT)  (PORT=... for another port)"
	@echo "make lab    the same chapters in JupyterLab"
	@echo "make test   every check, pages in a real browser included"
	@echo "make test-minimum  the tests with the lowest versions of everything that is needed"
	@echo "make test-deploy   deploy/ with a real JupyterHub and five users (needs npm)"
	@echo "make lint   only the style and type checks"
	@echo "make docs   the documentation, in docs/_build/html"
	@echo "make engine engine.wasm, from engine.c"
	@echo "make clean  remove what these commands made"

app: $(VENV)/installed
	$(BIN)/letkeman-viz serve --port $(PORT) $(OPTIONS)

lab: $(VENV)/installed
	$(BIN)/letkeman-viz lab --port $(LAB_PORT) $(OPTIONS)

test: style chromium
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(PYTEST)

style: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# `make test` has the types checked as one of its tests, beside the others: it takes a core half a minute.
lint: style
	$(BIN)/mypy

# Warnings are errors: a link that leads nowhere fails here.
docs: $(VENV)/installed-docs
	$(BIN)/python -m sphinx -q -W --keep-going docs docs/_build/html
	@echo "The documentation is in docs/_build/html/index.html"

# After a change of the C files: what it makes is committed with them.
engine: $(VENV)/installed-test
	$(BIN)/python -m letkeman_viz.engine.compile

# Everything without a browser, then those pages that need all of the site.
test-minimum: $(MINIMUM)/installed chromium
	$(MINIMUM)/bin/python -m pytest $(SIDE_BY_SIDE) -m "not browser and not types"
	$(MINIMUM)/bin/python -m pytest $(SIDE_BY_SIDE) tests/test_pages.py tests/test_lab.py

# A hub, its proxy from npm, five users who learn to count. Minutes, and npm: not part of `make test`.
test-deploy: $(VENV)/installed-test chromium
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,hub]'
	npm install --silent --prefix $(VENV) configurable-http-proxy
	HUB_PROXY=$(CURDIR)/$(VENV)/node_modules/.bin/configurable-http-proxy \
		$(BIN)/python -m pytest tests/deploy/check_hub.py

clean:
	rm -rf $(VENV) $(MINIMUM) docs/_build build dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp is made again when pyproject.toml changed; a second run finds both up to date.
$(VENV)/installed: $(VENV)/created pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

# Most of what the tests bring along is never imported: compiling it ahead would take as long as installing it.
# What is imported is compiled then, once.
$(VENV)/installed-test: $(VENV)/created pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[test]'
	@touch $(VENV)/installed $@

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

# An environment of its own, and the lowest Python too where PYTHON names one: make test-minimum PYTHON=python3.11
$(MINIMUM)/installed: $(VENV)/created pyproject.toml tests/minimum_versions.py
	$(PYTHON) -m venv $(MINIMUM)
	$(PYTHON) tests/minimum_versions.py > $(MINIMUM)/constraints.txt
	$(MINIMUM)/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint $(MINIMUM)/constraints.txt --editable '.[test]'
	@touch $@

# Debian and Ubuntu keep what venv needs in a package of its own, named after the Python version.
$(VENV)/created:
	@if [ -z "$(PYTHON)" ]; then \
		echo "letkeman_viz needs Python 3.11 or later and finds none; install it, or name it: make PYTHON=/path/to/python3" >&2; \
		exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "letkeman_viz needs Python 3.11 or later, and $(PYTHON) is older; name another one: make PYTHON=/path/to/python3" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		package=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
		echo "This Python lacks venv: installing $$package"; \
		$(APT) update -qq && $(APT) install -y -qq $$package || { \
			echo "Could not install $$package; as an administrator run: apt-get install $$package" >&2; exit 1; }; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# The browser that the tests drive. They fail, and are never skipped, without one.
chromium:
	@if [ -n "$$CHROMIUM" ]; then command -v "$$CHROMIUM" >/dev/null || { \
			echo "CHROMIUM is $$CHROMIUM, and there is no such program" >&2; exit 1; }; \
	elif ! { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then \
		echo "Installing Chromium for the tests"; \
		command -v apt-get >/dev/null && { $(APT) update -qq; $(APT) install -y -qq chromium; } || { \
			echo "Could not install Chromium; install it yourself (apt-get install chromium), or set CHROMIUM to a browser" >&2; \
			exit 1; }; \
	fi
