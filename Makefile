# The verbs. Each does the set-up first, which takes no time when there is nothing to do.
.PHONY: setup demo test test-slow check docs

# the clip of `make demo`, and the folder it writes to
export CLIP ?= examples/demo.mp4
BIN := .venv/bin

setup:
	@bash scripts/setup.sh

demo: setup
	@name="$${CLIP##*/}"; $(BIN)/sfv run "$$CLIP" --out "runs/$${name%.*}" --budget 6min

test: setup
	$(BIN)/python -m pytest -n 2 -m "not slow and not gpu"

test-slow: setup
	$(BIN)/python -m pytest -m "slow or gpu"

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

docs: setup
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs site
	@echo "open site/index.html"
