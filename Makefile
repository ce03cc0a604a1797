# `make run` is all that most people need; the other targets are for those who change callcrm.

PYTHON ?= python3
VENV := .venv
PIN := --quiet --universal --python-version 3.11 --generate-hashes \
       --custom-compile-command "make lock"

.PHONY: help run up setup format check test lock

help:
	@echo "make run     set up and start callcrm on http://127.0.0.1:8000 (PORT= changes the port)"
	@echo "make setup   only the set-up"
	@echo "make test    every check and test"
	@echo "make bench   how fast callcrm is, in ratios (BENCH=\"--quick --only a\"; docs/performance.md)"
	@echo "make format  put the sources into their one form"
	@echo "make lock    resolve requirements*.in anew"

# Make itself can only fail with status 2 and lines of its own. Asked a --question it runs what is marked with +
# and answers 1 when anything else is left to do: so `run` ends with the status of what it ran.
ifeq ($(MAKECMDGOALS),run)
MAKEFLAGS += --question
endif

run: up
	@$(shell cat var/run-status 2>/dev/null)

up: setup
	+@$(VENV)/bin/python -m callcrm.lib.supervise --for-make var/run-status

setup:
	+@PYTHON="$(PYTHON)" sh .ci/setup

format: setup
	@$(VENV)/bin/ruff check --quiet --fix . && $(VENV)/bin/ruff format --quiet .

check: setup
	@sh .ci/check

test: check
	@$(VENV)/bin/pytest -n auto --dist loadgroup

bench: setup
	@$(VENV)/bin/python -m bench.run $(BENCH)

lock: setup
	$(VENV)/bin/uv pip compile $(PIN) requirements.in -o requirements.txt
	$(VENV)/bin/uv pip compile $(PIN) requirements-dev.in -o requirements-dev.txt
