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
	@test -n '$(BENCH)' || { echo 'name one: make bench BENCH=name, of:'; ls benchmarks | sed -n 's/\.py$$//p'; exit 2; }
	$(VENV)/python -m benchmarks.$(BENCH)

# The posting run killed COUNT times on each engine, as many times with a faulty ledger, and the model in full.
COUNT ?= 1000
crash: setup
	KREDIN_CRASHES='$(COUNT)' $(VENV)/python -m pytest -s tests/crash $(ARGS)
.PHONY: crash

# A Chromium for the browser test: Debian's, installed where we may, else the test says why it was left out.
browser:
	@command -v chromium >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 \
	  && { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null 2>&1; } \
	  || echo 'no Chromium here and none could be installed: the browser test will be left out' >&2
.PHONY: browser

clean:
	rm -rf .kredin .pytest_cache .ruff_cache .hypothesis
