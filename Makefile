# Everything a person or CI does with Earmark. `make run` and `make test` need only Python 3.11-3.13 and make.
# Kept to what GNU make 3.81 (macOS) knows.

PY := .venv/bin/python
UV := $(PY) -m uv
LOCK := $(UV) pip compile --universal --upgrade --quiet --annotation-style line --custom-compile-command "make lock"
# The first of these that runs and fits; if none fits, the first that runs, so that the set-up can say what is wrong.
PYTHONS := $(if $(PYTHON),$(PYTHON),python3 python3.13 python3.12 python3.11 python)
SETUP = @fits=; other=; for p in $(PYTHONS); do \
	  if "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then fits="$$p"; break; \
	  elif "$$p" -c 'import sys; sys.exit(sys.version_info[0] < 3)' 2>/dev/null; then other="$${other:-$$p}"; fi; \
	done; \
	if [ -z "$$fits$$other" ]; then \
	  echo "Earmark cannot be set up: it needs Python 3.11 to 3.13, and none was found ($(PYTHONS))." >&2; exit 1; fi; \
	"$${fits:-$$other}" tools/install.py

.PHONY: help run install install-dev test lint format tour bench lock docs clean
.DEFAULT_GOAL := help

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

run: install  ## set up what is missing and open Earmark in the browser (BROWSER=none: do not; PORT=8600)
	@$(PY) cli.py run $(if $(filter none,$(BROWSER)),--browser none) $(if $(PORT),--port $(PORT))

install:  ## only set up: .venv with the locked packages
	$(SETUP)

install-dev:  ## only set up, with what tests and checks need
	$(SETUP) --dev

test: install-dev  ## run every test (T=tests/core: only those)
	$(PY) -m pytest -n 3 --dist loadgroup $(T)

lint: install-dev  ## check style, types and that the generated docs are up to date
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) docs/generate.py --check

format: install-dev  ## put style right
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

docs: install-dev  ## write docs/cli.md and docs/schema.md anew
	$(PY) docs/generate.py

tour: install-dev  ## run docs/tour.ipynb anew, cell by cell, and keep what it shows
	cd docs && ../.venv/bin/jupyter-execute --inplace tour.ipynb

bench: install-dev  ## run the benchmarks at a small size, one JSON object each
	$(PY) tools/bench.py

lock: install-dev  ## compile both locks anew from pyproject.toml, newest versions
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) --group dev -c requirements.txt -o requirements-dev.txt

clean:  ## remove .venv and what the tools left behind
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
