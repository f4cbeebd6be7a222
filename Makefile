# `make demo` needs Python 3.11 and nothing else; `make test` also needs gcc, for a clock that jumps.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
DATA ?= data
# Apart from the lock: another kind of machine has another build of it, with another hash.
TORCH := torch==2.13.0
# The environment is made again when what it was made from changes, or when the checkout has moved.
STAMP := $(VENV)/.made-from-$(shell { cat requirements.lock; echo "$(TORCH) $(CURDIR)"; } | sha256sum | cut -c1-16)

PROCESSES ?= 2
MINUTES ?= 10
SEED ?= 1

.PHONY: setup up demo test lint pytest screenshots faults soak bench simulate docs-check lock clean

setup: $(STAMP)

$(STAMP): | requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed: make PYTHON=/path/to/python3.11")'
	@echo "Setting up $(VENV): about 4 GB and, the first time, a few minutes."
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -qq --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install -qq --no-warn-conflicts $(TORCH)
	$(BIN)/python -m pip uninstall -qq --yes torchvision torchaudio torchcodec
	echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/vbs.pth"
	install -m 755 cli/vbs.sh $(BIN)/vbs
	rm -f $(VENV)/.made-from-*
	touch $@

up: setup
	$(BIN)/vbs up --data $(DATA)

demo: setup
	$(BIN)/vbs demo --data $(DATA)

test: lint pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg

# Faults have to be over within seconds, so nothing runs beside them.
pytest: setup
	$(BIN)/python -m pytest --numprocesses=$(PROCESSES) --dist=loadscope --no-loadscope-reorder --ignore=tests/faults --durations=25
	$(BIN)/python -m pytest tests/faults

# Every page of the UI, light and dark, 1280 and 390 pixels wide: a minute or two.
screenshots: setup
	$(BIN)/python -m tests.ui.screenshots build/screenshots

# Every phase of a batch times every fault, each by itself: about a quarter of an hour.
faults: setup
	$(BIN)/python -m pytest -m every_cell tests/faults

soak: setup
	$(BIN)/python -m pytest -s --timeout=0 --soak-minutes=$(MINUTES) --seed=$(SEED) tests/faults/test_soak.py

# Thousands of jobs on hundreds of workers, through the policy that decides what runs next: seconds.
simulate: setup
	$(BIN)/python -m benchmarks.simulate

bench: setup
	$(BIN)/python -m benchmarks

docs-check: setup
	$(BIN)/python -m pytest tests/architecture

# What is locked is what is installed: change requirements.in, install, test, then lock.
lock: setup
	$(BIN)/python -m cli.lock

clean:
	rm -rf $(VENV)
