# Two commands matter: `make demo` and `make test`. Where there is no make: see README.
PYTHON ?= python3
VENV := .venv
EXTRAS ?= test,duckdb,web,postgresql
BIN := $(VENV)/bin
SOURCES := $(shell find royst -type f -not -path '*/__pycache__/*') pyproject.toml

.PHONY: demo test prove check bench clean

demo: $(VENV)/.royst
	$(BIN)/royst demo demo

test: $(VENV)/.tested .tools/.npm
	$(BIN)/ruff check royst tests benchmarks
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/pytest -m "not prove" $(PYTEST)

# The whole attack, fault and simulation suites; long.
prove: $(VENV)/.tested .tools/.npm
	$(BIN)/pytest -m prove $(PYTEST)

bench: $(VENV)/.tested
	$(BIN)/python benchmarks/estimate.py
	$(BIN)/python benchmarks/protect.py
	$(BIN)/python benchmarks/interviews.py
	$(BIN)/python benchmarks/answering.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The wheel is built and installed, so that what is shown and tested is what a user gets.
dist/.built: $(VENV)/bin/python $(SOURCES)
	rm -rf dist && mkdir -p dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	touch $@

$(VENV)/.royst: dist/.built
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps dist/royst-*.whl
	$(BIN)/python -m pip install --quiet --disable-pip-version-check dist/royst-*.whl
	touch $@

$(VENV)/.tested: $(VENV)/.royst
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(ls dist/royst-*.whl)[$(EXTRAS)]"
	touch $@

# axe-core for the accessibility tests, a reader of QR codes, and ODK's own engine to hold our routing against; without npm these tests are skipped by name.
.tools/.npm: Makefile
	@mkdir -p .tools
	@if npm install --silent --no-audit --no-fund --prefix .tools axe-core@4 jsqr@1 @getodk/xforms-engine@0.22 >/dev/null 2>&1; then touch $@; \
	else echo "axe-core, jsQR and ODK's engine were not fetched with npm: the tests that need them are skipped, by name"; fi

clean:
	rm -rf $(VENV) dist .tools demo
