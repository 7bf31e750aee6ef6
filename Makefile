# make help lists what there is to run; everything sets itself up first.
PY := .venv/bin/python
NPM := PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix verifier/web --silent
ARGS ?=
# Tests wait for servers and browsers half of the time, so two for each core keep it busy.
WORKERS ?= $(shell expr 2 "*" $$(nproc))
# They write and sync thousands of files, which takes no time in memory, where there is room for it.
TESTS = TMPDIR="$$(sh scripts/test_folder.sh)" $(PY) -m pytest -n $(WORKERS) --dist worksteal

.PHONY: help setup page browser lint check test coverage drill demo bench privacy docs pictures lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## make .venv with the three commands
	@sh scripts/setup.sh

page: setup ## build the venue's page in verifier/web/dist
	@sh scripts/page.sh

browser: ## find or install a Chromium for the tests of the page
	@sh scripts/browser.sh

lint: page ## style, types and import contracts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(NPM) run check

check: lint ## lint, types, import contracts and every test without a process or a browser
	$(TESTS) -m "not process" $(ARGS)

test: lint browser ## lint, types, import contracts and all tests
	$(NPM) test
	$(TESTS) $(ARGS)

coverage: page browser ## all tests, and which lines of the programs none of them runs
	$(TESTS) --cov --cov-report=term:skip-covered $(ARGS)

drill: page ## the long drills and the fuzzing in full length, with their bounds of time
	QUPIA_DRILL=full $(PY) -m pytest -n 2 tests/drills $(ARGS)

demo: page ## the whole story, from laboratory to door
	@$(PY) -m wallet_sim.commands.app demo $(ARGS)

bench: page browser ## rates, times and memory beside their bounds
	$(PY) -m benchmarks $(ARGS)

privacy: setup ## what a simulated adversary with all logs learns; renews docs/privacy.json
	@$(PY) -m benchmarks.privacy $(ARGS)

docs: setup ## renew the parts of docs/ that are made from code
	$(PY) -m scripts.write_docs

pictures: page browser ## renew docs/pictures from the page
	$(PY) -m scripts.draw_pictures

lock: setup ## renew requirements.lock from pyproject.toml
	@d=$$(mktemp -d) && $(PY) -m venv $$d && $$d/bin/pip install --quiet uv && \
	$$d/bin/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --all-extras \
	  --no-annotate --no-header --no-emit-package pip pyproject.toml -o requirements.lock; rm -rf $$d

clean: ## remove what setup and tests made
	rm -rf .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache *.egg-info
	rm -rf verifier/web/node_modules verifier/web/dist verifier/web/test/dist tests/screenshots
