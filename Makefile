# One set of targets; each does its own set-up. uv comes from PyPI when it is missing.
UV := $(shell command -v uv || echo .tools/bin/uv)
RUN := $(UV) run --frozen

.PHONY: setup demo test test-long lint bench docs minimums clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

.tools/bin/uv:
	python3 -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv

setup: $(filter .tools/%,$(UV))  ## install everything into .venv (Rust core included)
	$(UV) sync --frozen
