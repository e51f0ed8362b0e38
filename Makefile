# make demo   runs the main job on the documents in examples/
# make test   passes the tests
# make lint   ruff and mypy
# Each makes the environment in .venv first (Python >= 3.11, pinned dependencies, this project editable).

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2
# One thread per process: the tests run in $(WORKERS) processes.
TEST_ENV := OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false HF_HUB_OFFLINE=1

.PHONY: demo test lint env clean

env: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "controlgen needs Python 3.11 or newer: none of python3, python3.11 to python3.13 is" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	rm -rf *.egg-info  # one left by an earlier build would hide the new entry points from whoever runs in this folder
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(STAMP)

demo: $(STAMP)
	@BIN=$(BIN) bash examples/demo.sh

test: $(STAMP)
	$(TEST_ENV) $(BIN)/python -m pytest -n $(WORKERS) -q tests

lint: $(STAMP)
	$(BIN)/python -m ruff check .
	rm -rf build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --target build/typed .
	MYPYPATH=build/typed $(BIN)/python -m mypy -p controlgen

clean:
	rm -rf build dist out *.egg-info
