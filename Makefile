# make book [PRESET=quick|standard|paper] [RUN=name] [SET="chapter.name=value ..."]   make setup   make test   make test-quick   make soak   make verify   make clean
PYTHON ?= python3
VENV := .venv
PRESET ?= quick
RUN ?= $(PRESET)
SET ?=
BIN := $(VENV)/bin

# Bytecode is kept in the environment's folder: without it every process compiles torch anew.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache

.PHONY: book setup test test-quick soak verify clean
book: $(VENV)/.installed
	$(BIN)/sim2real run --preset $(PRESET) --run $(RUN) $(foreach pair,$(SET),--set '$(pair)')
	$(BIN)/sim2real book --run $(RUN)

setup: $(VENV)/.installed

test: $(VENV)/.installed
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Without what makes a whole run or a book, or trains for long: for a contributor between two edits.
test-quick: $(VENV)/.installed
	$(BIN)/ruff check src tests benchmarks
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" --ignore tests/book --ignore tests/pipeline

soak: $(VENV)/.installed
	SIM2REAL_FAULTS=1 $(BIN)/python -m pytest tests/pipeline/test_faults.py
	SIM2REAL_EXAMPLES=20000 $(BIN)/python -m pytest tests/data/test_headers.py tests/data/test_names.py
	SIM2REAL_FUZZ=1500 $(BIN)/python -m pytest tests/pipeline/test_fuzz.py
	SIM2REAL_SLURM=1 $(BIN)/python -m pytest tests/pipeline/test_slurm.py
	SIM2REAL_KILLS=50 $(BIN)/python -m pytest -s tests/pipeline/test_kill.py

verify: $(VENV)/.installed
	$(BIN)/sim2real verify record

# One environment from the lock, made again only when the lock changes. The lock's hash is kept, not its time: a fresh
# clone or a touched file does not count as a change. Modules are compiled when they are first imported.
$(VENV)/.installed: requirements.lock pyproject.toml
	@if [ -f $@ ] && [ "$$(cat $@)" = "$$(cksum < requirements.lock)" ]; then touch $@; else \
	  $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	    { echo "Python 3.11 to 3.13 is needed, $$($(PYTHON) --version) was found: make PYTHON=python3.12"; exit 1; }; \
	  echo "Setting up $(VENV) from requirements.lock: a few minutes, once"; \
	  rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . && \
	  cksum < requirements.lock > $@; fi

clean:
	rm -rf $(VENV) _build
