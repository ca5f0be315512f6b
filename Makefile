# Every target does its own set-up: a virtual environment in .venv, made by uv where it is
# installed, else by venv and pip, and renewed when the requirements change.
# make PYTHON=... chooses the interpreter; OVERRIDES="seed=1" goes to the experiment.

CANDIDATES := python3.11 python3.12 python3.13 python3
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(FITS)' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
RUN_KEY := $(shell sha256sum requirements.txt | cut -c1-16)
DEV_KEY := $(shell cat requirements.txt requirements-dev.txt | sha256sum | cut -c1-16)
READY := .venv/.ready-$(RUN_KEY)
READY_DEV := .venv/.ready-dev-$(DEV_KEY)
UV := $(shell command -v uv)
INSTALL = $(if $(UV),$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)
OVERRIDES ?=
# Two at a time, a file's tests together, since they share what they have prepared.
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help experiment quick test test-fast test-all judge lint format graph bench clean

help:
	@echo "make experiment   the two-phase experiment: VGG16 on two emulated hosts"
	@echo "make quick        a first contact of a minute"
	@echo "make test         checks, fast and medium tests; test-fast: only the fast ones; test-all: every one"
	@echo "make judge        whole trials: each fault of a meter is named 20 times of 20, clean hosts never"
	@echo "make lint         style, types, import contracts, sizes; format: set the style right"
	@echo "make graph        which room imports which, as text and as results/rooms.svg"
	@echo "make bench        speed of the core and of the transport, side by side with plain alternatives; exactness of splits; pages of MLflow"
	@echo "make clean        remove the environment and the tools' caches; results stay"

experiment: $(READY)
	$(BIN)/python run_experiment.py +experiment=vgg16_testbed $(OVERRIDES)

quick: $(READY)
	$(BIN)/python run_experiment.py +experiment=quick_testbed $(OVERRIDES)

test: lint
	$(PYTEST) -m "not slow and not judge"

test-fast: $(READY_DEV)
	$(PYTEST) -m "not medium and not slow and not judge"

test-all: lint
	$(PYTEST) -m "not judge"

judge: $(READY_DEV)
	$(BIN)/python -m pytest -m judge

lint: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python -m tools.sizes

format: $(READY_DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

graph: $(READY_DEV)
	$(BIN)/python -m tools.rooms results/rooms.svg

bench: $(READY_DEV)
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.commands
	$(BIN)/python -m tests.bench.graphs
	$(BIN)/python -m tests.bench.transport
	$(BIN)/python -m tests.bench.pages
	$(BIN)/python -m tests.bench.sweeps
	$(BIN)/python -m tests.bench.overhead

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "no Python 3.11, 3.12 or 3.13 found; say make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c '$(FITS)' || { echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13" >&2; exit 1; }
	@echo "Making .venv with $(PYTHON)"
	@$(if $(UV),$(UV) venv --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv,$(PYTHON) -m venv .venv)

$(READY): requirements.txt | .venv/bin/python
	@echo "Installing requirements.txt (about 2 GB; a minute or two)"
	@$(INSTALL) -r requirements.txt
	@touch $@

$(READY_DEV): requirements.txt requirements-dev.txt | .venv/bin/python
	@echo "Installing requirements-dev.txt (about 2 GB; a minute or two)"
	@$(INSTALL) -r requirements-dev.txt
	@touch $@ $(READY)
