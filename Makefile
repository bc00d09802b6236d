# Every target sets up what it needs, and is quick when nothing has changed.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo sandbox test fuzz lint format crds charts requirements clean

help:  ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another one: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Setting up $(VENV) (first time: about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

setup: $(STAMP)  ## Make the virtual environment

demo: $(STAMP)  ## The guided tour: sandbox, operator, and the main job from YAML to a trained adapter
	@$(BIN)/python -m rekognition_sandbox.demo

sandbox: $(STAMP)  ## Control plane, AWS emulator and operator, kept up until Ctrl-C
	@$(BIN)/rekognition-operator sandbox up

test: lint  ## Every check and every test; the stories mostly wait, so there are more workers than cores
	@$(BIN)/python -m pytest -n 3

fuzz: $(STAMP)  ## The property tests with histories drawn anew, and many times as many: an hour or more
	@HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -n auto -m hypothesis tests/unit

lint: $(STAMP)  ## Formatting, style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --cache-dir .import_linter_cache

format: $(STAMP)  ## Put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

crds: $(STAMP)  ## Write crds/, iam/ and the generated reference pages from the code
	@$(BIN)/rekognition-operator crds --output crds
	@$(BIN)/rekognition-operator iam --output iam
	@$(BIN)/python docs/generate.py

charts: crds  ## Write what follows from the charts: the chart of the CRDs, the sandbox's rights, the tests' renderings
	@$(BIN)/python charts/generate.py

requirements:  ## Resolve requirements/*.txt anew from pyproject.toml (needs uv)
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	  --extra sandbox --extra report --extra dev pyproject.toml -o requirements/dev.txt
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	  -c requirements/dev.txt pyproject.toml -o requirements/operator.txt
	@echo hatchling | uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --upgrade \
	  --no-annotate -c requirements/dev.txt - -o requirements/build.txt

clean:  ## Remove what was made here (not the cache of built binaries)
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .sandbox build dist
