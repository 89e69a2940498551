# Trunkline's commands. `make run` is where a stranger starts; `make check` passes before every commit.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= var/data

.PHONY: help setup run demo check test prove bench fuzz clean
.DEFAULT_GOAL := help

help: ## Show these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Set up .venv with `trunkline`, its dependencies pinned by hash, and the database
	@$(BIN)/trunkline migrate --data $(DATA)

$(VENV)/.ready: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Trunkline needs Python 3.11 or newer; $(PYTHON) is older. Try: make setup PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv module is missing. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing pinned dependencies into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements/dev.txt
	@echo "installing pinned tools for checks and tests ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

run: setup ## Run Trunkline with a sample application and phone; prints three lines to paste
	@exec $(BIN)/trunkline lab --data $(DATA)

demo: setup ## Play one call from carrier to phone, explained
	@$(BIN)/trunkline demo

check: $(VENV)/.ready-dev ## Lint, types, import contracts, fast tests (at most 60 s)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports >$(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }
	@$(BIN)/pytest -q -n 2 --dist loadfile -m 'not outside'

test: $(VENV)/.ready-dev peers ## Everything `check` does, and every test from outside (under 10 minutes)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@{ $(BIN)/mypy && $(BIN)/lint-imports; } >$(VENV)/types.log 2>&1 & types=$$!; \
	$(BIN)/pytest -q -rs --durations=5 -n 2 --dist loadfile tests/edge >$(VENV)/edge.log 2>&1 & edge=$$!; \
	$(BIN)/pytest -q -rs --durations=5 -n 2 --dist loadfile --ignore=tests/edge; rest=$$?; \
	echo "types and import contracts, side by side with the above:"; \
	wait $$types; types=$$?; cat $(VENV)/types.log; \
	echo "calls through the edge, side by side with the above:"; \
	wait $$edge; calls=$$?; cat $(VENV)/edge.log; exit $$((rest + types + calls))

.PHONY: peers
peers:
	@missing=""; command -v sipp >/dev/null || missing="sip-tester"; \
	command -v baresip >/dev/null || missing="$$missing baresip-core"; \
	command -v tshark >/dev/null || missing="$$missing tshark"; \
	command -v node >/dev/null && command -v npm >/dev/null || missing="$$missing nodejs npm"; \
	test -x /usr/sbin/kamailio || missing="$$missing kamailio"; \
	test -z "$$missing" || { \
		if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
		else echo "Tests call real SIP stacks. Install Debian's packages: apt-get install" $$missing >&2; exit 1; fi; }

# Debian's package also starts a Kamailio of its own where systemd runs: `systemctl disable --now kamailio` ends that.
.PHONY: kamailio
kamailio:
	@test -x /usr/sbin/kamailio -a -n "$$(ls /usr/lib/*/kamailio/modules/app_python3.so 2>/dev/null)" || { \
		if [ "$$(id -u)" = 0 ]; then \
			apt-get update -qq && apt-get install -y -qq kamailio kamailio-python3-modules >/dev/null; \
		else echo "Kamailio is missing, so it will be no peer. Install Debian's packages:" \
			"apt-get install kamailio kamailio-python3-modules" >&2; fi; }

prove: $(VENV)/.ready-dev peers ## The heavy loads, their figures printed
	@$(BIN)/python -m tests.prove.calls
	@$(BIN)/python -m tests.prove.additions
	@$(BIN)/python -m tests.prove.storm
	@$(BIN)/python -m tests.prove.workers
	@$(BIN)/python -m tests.prove.registrations

fuzz: $(VENV)/.ready-dev ## A million damaged SIP messages through the parser and the transactions
	@$(BIN)/python -m tests.fuzz.messages

bench: $(VENV)/.ready-dev peers kamailio ## Figures beside peers on this machine (about 26 minutes)
	@$(BIN)/python -m benchmarks --json var/bench.json

clean: ## Remove what setup and tests made (never the data folder)
	@rm -rf $(VENV) .clients .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build src/*.egg-info
