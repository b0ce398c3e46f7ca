# Everything a newcomer needs; each target does its own set-up. Needs Python >= 3.11, make, git and a package index.
SHELL := /bin/bash
PYTHON ?= python3
UV := .tools/bin/uv
VENV := .venv/bin
HOME ?= /tmp
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
# The machine's own certificates: a company network often brings its own authority.
export UV_SYSTEM_CERTS ?= true
export KREDIN_HOME ?= $(CURDIR)/.kredin
export PYTHONWARNINGS ?= ignore::DeprecationWarning
unexport VIRTUAL_ENV

.PHONY: setup demo test ui check acceptance bench format clean

.tools/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit("Python >= 3.11 is needed, this is " + sys.version) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv==0.13.9'

.venv/.synced: .tools/bin/uv pyproject.toml uv.lock
	$(UV) sync --quiet --frozen --python $$($(PYTHON) -c 'import sys; print(sys.executable)')
	@touch $@

setup: .venv/.synced

demo: setup
	$(VENV)/kredin demo

ui: setup
	$(VENV)/kredin ui

test: setup browser
	$(VENV)/python -m pytest -n 2 --dist worksteal $(ARGS)

acceptance: setup
	$(if $(CASES),KREDIN_CASES='$(CASES)') $(VENV)/python -m pytest -n 2 --dist worksteal tests/acceptance $(ARGS)

check: setup
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/pyright
	$(VENV)/lint-imports

format: setup
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

bench: setup
	@test -n '$(BENCH)' || { echo 'name one: make bench BENCH=name, of:'; ls benchmarks | sed -n 's/_history\.py$$//p; t; s/\.py$$//p'; exit 2; }
	$(if $(filter extract,$(BENCH)),UV_PROJECT_ENVIRONMENT=.venv-bench $(UV) sync --quiet --frozen --only-group bench \
	  --no-install-project --python $$($(PYTHON) -c 'import sys; print(sys.executable)'))
	$(VENV)/python -m benchmarks.$(patsubst import,import_history,$(BENCH))

# The posting run killed COUNT times on each engine, as many times with a faulty ledger, and the model in full.
COUNT ?= 1000
crash: setup
	KREDIN_CRASHES='$(COUNT)' $(VENV)/python -m pytest -s tests/crash $(ARGS)
.PHONY: crash

# A morning's read of 5,000 entries through COUNT random sequences of faults, and killed at KILLS random moments.
KILLS ?= 200
faults: setup
	KREDIN_FAULTS='$(COUNT)' KREDIN_FAULT_KILLS='$(KILLS)' $(VENV)/python -m pytest -s tests/mirror_faults $(ARGS)
.PHONY: faults
faults: COUNT = 2000

# COUNT random fortnights of the register: the book must say each night what a direct look-up says.
register: setup
	KREDIN_REGISTER_HISTORIES='$(COUNT)' $(VENV)/python -m pytest tests/unit/resources/test_enhetsregisteret_sync.py -k any_history
.PHONY: register

# docs/tables.md from the code; a test fails while it is out of date.
tables: setup
	$(VENV)/python -m kredin_pipeline.table_docs
.PHONY: tables

# A Chromium for the browser test: Debian's, installed where we may, else the test says why it was left out.
browser:
	@command -v chromium >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 \
	  && { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null 2>&1; } \
	  || echo 'no Chromium here and none could be installed: the browser test will be left out' >&2
.PHONY: browser

clean:
	rm -rf .kredin .pytest_cache .ruff_cache .hypothesis
