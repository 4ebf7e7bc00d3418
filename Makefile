# One set of targets; each does its own set-up. uv comes from PyPI when it is missing.
UV := $(shell command -v uv || echo $(CURDIR)/.tools/bin/uv)
RUN := $(UV) run --frozen
export UV_PYTHON_DOWNLOADS := never
# Without cached bytecode every process that a test or a study starts would compile its imports.
unexport PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long lint bench docs minimums wheel sanitize emulate clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

$(CURDIR)/.tools/bin/uv:
	python3 -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv

setup: $(filter $(CURDIR)/.tools/%,$(UV))  ## install everything into .venv, the Rust core included
	$(UV) sync --frozen

demo: setup  ## tune quantforge's thresholds on this machine (short form, under 10 minutes)
	$(RUN) tighten tune studies/quantforge --max-trials 1 -o decision.max_pairs=16

test: setup  ## every test that needs less than minutes
	cargo test --workspace --locked --quiet
	$(RUN) pytest -m "not long" -n 2 --dist loadfile

test-long: setup  ## the long campaigns: kills, fuzzing, live A/A sessions
	$(RUN) pytest -m long --timeout 3600

lint: setup  ## formatters, linters, types, stubs, import contracts
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) codespell
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) python -m mypy.stubtest quantforge._core
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --quiet -- -D warnings

bench: setup  ## print every number in docs/performance, and write it there
	$(RUN) --group peers python -m benchmarks.run --write

docs: setup  ## regenerate what is generated: references, tables, pictures
	$(RUN) python docs/generate.py

minimums: setup  ## the tests again on the lowest dependency versions allowed
	$(UV) run --isolated --resolution lowest-direct --all-packages pytest -m "not long"

WHEEL_PYTHON := target/wheel-environment/bin/python

wheel: setup  ## build quantforge's abi3 wheel, install it in a clean environment, test it there
	rm -rf target/wheels target/wheel-environment
	cd packages/quantforge && $(RUN) maturin build --release --quiet --out ../../target/wheels
	$(UV) venv --quiet target/wheel-environment
	$(UV) pip install --quiet --python $(WHEEL_PYTHON) target/wheels/quantforge-*-abi3-*.whl
	$(WHEEL_PYTHON) -I packages/quantforge/tests/check_wheel.py

# Instrumenting compilers are nightly: `rustup toolchain install nightly`.
sanitize:  ## the Rust tests of quantforge under AddressSanitizer (needs a nightly compiler)
	RUSTFLAGS=-Zsanitizer=address CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
		cargo +nightly test --release --locked --quiet -p quantforge-core \
		--target $(shell rustc -vV | sed -n 's/^host: //p') --target-dir target/sanitize

emulate: setup  ## the Rust tests of quantforge with AVX-512 on a machine without it (needs Bochs)
	$(RUN) python packages/quantforge/tools/emulate.py $(EMULATE)

clean:  ## remove what the targets made
	rm -rf .venv .tools target .tighten .mypy_cache .ruff_cache .pytest_cache .hypothesis
