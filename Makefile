# Rouxing (柔性). `make demo` and `make test` are all a newcomer needs.
STORES ?= 30
DAYS   ?= 120
SEED   ?= 1
PYTHON ?= python3.11

PYTHON_FOUND := $(shell command -v $(PYTHON) || command -v python3)
RUN := .venv/bin/python -m

.PHONY: help setup demo up test lint bench lock clean

help:            ## Show this list
	@grep -hE '^[a-z]+: .*##|^[a-z]+:  .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

setup: .venv/rouxing.ready   ## Make .venv from requirements.lock

.venv/rouxing.ready: requirements.lock pyproject.toml deployments/setup.py
	@$(PYTHON_FOUND) deployments/setup.py

demo: setup      ## Plan one day of a simulated city: make demo STORES=200 DAYS=180 SEED=3
	@$(RUN) rouxing demo --stores $(STORES) --days $(DAYS) --seed $(SEED)

up: setup        ## Keep database, city, Prefect server with UI and worker running; Ctrl-C stops them
	@exec $(RUN) rouxing up

test: setup      ## Run every test
	@OMP_NUM_THREADS=1 $(RUN) pytest -n 2 --dist loadgroup --no-loadscope-reorder

lint: setup      ## Style, types and the walls between the rooms
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@.venv/bin/lint-imports

bench: setup     ## Measured comparisons, longer than the tests
	@$(RUN) benchmarks

lock:            ## Resolve requirements.lock anew (needs uv)
	uv pip compile --extra dev --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock

clean:           ## Remove .venv and everything Rouxing keeps
	rm -rf .venv .rouxing
