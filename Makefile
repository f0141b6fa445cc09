# The doors of the project. Each sets up what it needs first: .venv from requirements.lock, programs
# from Debian (as root; otherwise it says what to install and what is left out).

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

SPEED ?= 60
# The order of the tests follows a seed. It is fixed here so that two runs are the same run;
# `make test SEED=7` tries another.
SEED ?= 20260101
TESTS ?= tests
# What `make torture` plays against: caseward node-red node-red-context home-assistant home-assistant-timers
TARGET ?= caseward

PYTHON := .venv/bin/python
# Nothing may fetch a browser: Chromium comes from Debian.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
export PYTHONUTF8 := 1
# Hundreds of processes of the product are started by the tests: each would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-demo setup-test setup-screenshots setup-torture setup-drawings setup-gpio demo test test-gpio check prove sim torture screenshots drawings format docs lock licences clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## .venv with everything in requirements.lock
	@bash .ci/setup venv

setup-demo: setup
	@bash .ci/setup system mosquitto

setup-test: setup
	@bash .ci/setup system mosquitto node victoria-metrics chromium fonts tpm faketime graphviz openssl
	@$(PYTHON) -m tests.web.axe

setup-screenshots: setup
	@bash .ci/setup system mosquitto chromium fonts

setup-drawings: setup
	@bash .ci/setup system graphviz

setup-torture: setup
	@bash .ci/setup system mosquitto node faketime

setup-gpio: setup
	@bash .ci/setup system kernel

demo: setup-demo ## a whole station on this machine: http://localhost:8000 (SPEED=60)
	@.venv/bin/caseward demo --speed $(SPEED)

test: setup-test ## every test, at most 12 minutes on 2 cores
	@$(PYTHON) -m pytest $(TESTS) -n 4 --no-loadscope-reorder -p "no:cacheprovider" --randomly-seed=$(SEED) -rs --durations=15

test-gpio: setup-gpio ## GPIO of a real kernel in qemu; fetches 220 MB once (docs/devices/gpio.md)
	@$(PYTHON) -m tests.gpio_vm

check: setup ## format, lint, types, layers, documents
	@failed=0; step() { echo "== $$*"; "$$@" || failed=1; }; \
	step $(PYTHON) -m ruff format --check .; \
	step $(PYTHON) -m ruff check .; \
	step $(PYTHON) -m mypy; \
	step .venv/bin/lint-imports; \
	step $(PYTHON) -m pytest tests/architecture tests/docs -p "no:cacheprovider"; \
	if [ $$failed = 1 ]; then echo "make check: something above failed"; exit 1; fi

prove: setup-test ## the full figures, written to docs/proof
	@$(PYTHON) -m tests.prove

torture: setup-torture ## cases that other systems can be scored by too: TARGET=caseward (docs/torture.md)
	@$(PYTHON) -m tests.torture.install $(TARGET)
	@$(PYTHON) -m tests.torture --target $(TARGET)

sim: setup ## one simulated station under faults (SEED=1, DAYS= by the seed)
	@$(PYTHON) -m tests.simulation --seed $(if $(filter command line,$(origin SEED)),$(SEED),1) $(if $(DAYS),--days $(DAYS)) $(SIM)

screenshots: setup-screenshots ## docs/img, by Chromium
	@$(PYTHON) -m tests.web.screenshots
	@$(PYTHON) -m tests.kiosk.screenshots

drawings: setup-drawings ## hardware/drawings from hardware/wiring, by WireViz
	@$(PYTHON) -m tests.hardware.draw

format: setup ## ruff's format and safe fixes
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

docs: setup ## the generated parts of docs/rules.md and docs/scenarios.md
	@$(PYTHON) -m tests.docs.generate

lock: setup ## resolve requirements.lock anew
	@$(PYTHON) -m tests.tools.lock

licences: setup ## docs/licences.md from what is installed
	@$(PYTHON) -m tests.tools.licences

clean: ## everything that can be made again
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist var
	find firmware gateway server tests -name __pycache__ -type d -prune -exec rm -rf {} +
