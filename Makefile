# Two commands do everything on a fresh machine with Python 3.11, venv, pip and make:
#   make demo   set up, build the Miami graph, write Turtle and HTML, say where
#   make test   set up, run the tests

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
GRAPH ?= graphs/miami-talks
NAME := $(notdir $(GRAPH))
PYTEST_ARGS ?=
FUZZ_SECONDS ?= 60
FUZZ_SEED ?= 0

.PHONY: demo test test-all fuzz lint types lock pictures clean

demo: $(VENV)/.core
	@$(BIN)/onrecord build $(GRAPH)
	@$(BIN)/onrecord view $(GRAPH) -o build/$(NAME)/$(NAME).html >/dev/null
	@$(BIN)/onrecord test $(GRAPH) >/dev/null
	@$(BIN)/python tools/demo_summary.py build/$(NAME)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow" $(PYTEST_ARGS)

test-all: $(VENV)/.dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# Fuzz every parser, the quote locator, the name resolver and the query road for FUZZ_SECONDS in all.
fuzz: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-fuzz.lock
	$(BIN)/python tests/fuzz/run.py --seconds $(FUZZ_SECONDS) --seed $(FUZZ_SEED)

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests tools
	$(BIN)/ruff format --check src tests tools

types: $(VENV)/.dev
	$(BIN)/mypy

# The venv for users: exact versions, no test tools.
$(VENV)/.core: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The venv for developers: the same, with the test tools.
$(VENV)/.dev: $(VENV)/.core requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

# Take the pictures of README and docs anew; needs chromium.
pictures: $(VENV)/.dev
	$(BIN)/python tools/pictures.py

# Write both lock files anew from the ranges in pyproject.toml.
lock:
	$(PYTHON) tools/lock.py

clean:
	rm -rf $(VENV) build dist
