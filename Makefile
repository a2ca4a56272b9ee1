# Spoke Admin. `make` lists what can be made; everything sets itself up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
SHOWN := set_up_9_verify_light.png set_up_9_verify_dark.png overview_light.png users_light.png tokens_dark.png mappings_light.png

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check format guides screenshots lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## .venv with the program and its tools

# --no-deps: the lock is whole, and pip would otherwise look for the newest pydantic[email] and refuse it
$(READY): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Spoke Admin needs Python 3.11 or newer; say which with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m pip check
	@touch $@

demo: $(READY) ## a stand-in askSpoke and a stand-in Okta on this computer, and the window
	$(BIN)/spoke-admin demo $(FILE)

run: $(READY) ## the window
	$(BIN)/spoke-admin

test: check ## everything that checks the program

check: $(READY) ## ruff, mypy, import rules, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto --maxprocesses 4 --dist worksteal

format: $(READY) ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

guides: $(READY) ## docs/guides from the steps
	$(BIN)/spoke-admin guide set-up --markdown > docs/guides/set-up.md

screenshots: $(READY) ## docs/screenshots by the program itself
	env -u DISPLAY -u WAYLAND_DISPLAY $(BIN)/spoke-admin demo --pictures build/pictures
	cd build/pictures && cp $(SHOWN) ../../docs/screenshots/

lock: ## pin the newest versions with their hashes (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade pyproject.toml -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade pyproject.toml requirements/dev.in -o requirements/dev.txt

clean: ## remove .venv and what the tools left
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
