# Everything a person needs: `make run`. The other targets are for those who change callcrm.

PYTHON ?= python3
VENV := .venv
PIN := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
       --custom-compile-command "make lock"

.PHONY: help setup lock

help:
	@echo "make run | setup | test | bench | lock"

setup:
	@PYTHON="$(PYTHON)" sh .ci/setup

lock: setup
	$(VENV)/bin/uv pip compile $(PIN) requirements.in -o requirements.txt
	$(VENV)/bin/uv pip compile $(PIN) requirements-dev.in -o requirements-dev.txt
