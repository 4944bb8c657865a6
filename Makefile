# The verbs. Each does the set-up first, which takes no time when there is nothing to do.
.PHONY: setup demo test test-slow check docs wheel audit

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
	$(BIN)/python -m sphinx --jobs 2 --fail-on-warning --keep-going --quiet -b html docs site
	@SITE=site $(BIN)/python -m pytest -q -n 0 -m slow tests/test_docs.py
	@echo "open site/index.html"

# the wheel, in an empty environment, by scripts/check_wheel.sh
wheel: setup
	BUDGET=5s $(BIN)/python -m pytest -n 0 -rs -m slow tests/test_wheel.py

# asks pypi.org what is known against the locked versions
audit: setup
	@test -x .venv/audit/bin/pip-audit || \
		{ $(BIN)/python -m venv .venv/audit && .venv/audit/bin/pip install --quiet pip-audit==2.10.1; }
	.venv/audit/bin/pip-audit --require-hashes --disable-pip -r requirements.lock
	.venv/audit/bin/pip-audit --no-deps -r requirements-torch.lock
