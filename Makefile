# Two commands: `make demo` shows a hunt, `make test` checks everything. Both install what they need.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo-history
SCENARIO ?= jit-miss
WORKERS ?= 2
ROUNDS ?= 10
# Where this is set, each of the thousands of starts in the tests would compile bisector anew.
export PYTHONDONTWRITEBYTECODE :=

# A test that fails is run once more by itself: on a shared machine the first failure may be the machine's.
# Both runs are printed; a test that fails twice fails.
pytest = $(BIN)/python -m pytest -q $(1) $(2) || { \
  echo "The tests that failed, once more and one at a time:"; \
  $(BIN)/python -m pytest -q $(1) --last-failed --last-failed-no-failures=none; }

.PHONY: help setup ocaml tools demo demo-plan test lint types unit wheel fuzz matrix test-long bench bench-startup bench-large bench-search bench-noise calibration chaos worlds docs docs-site test-browser captures clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(VENV)/.ready ## Virtual environment with bisector and its tools at pinned versions

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "bisector needs Python 3.11 or newer; set PYTHON=python3.x" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { echo "python3 -m venv failed; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@rm -rf *.egg-info # a leftover of a build would hide plug-ins that were added later
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

ocaml: ## Install OCaml and dune with the system's package manager, if missing
	@bash scripts/install-tools.sh ocaml

tools: ## Install the tools for the sandbox, tracing and shell tests, if missing
	@for tool in bubblewrap strace valgrind ccache zsh fish groff; do bash scripts/install-tools.sh $$tool || exit 1; done

demo: setup ocaml ## A hunt in the sample history, from the start to the first bad commit
	@rm -rf $(DEMO)
	@$(BIN)/bisector demo make $(DEMO) --scenario $(SCENARIO) --workload 40 >/dev/null
	@$(BIN)/bisector run --config $(DEMO)/hunt.yaml || test $$? -eq 3 -o $$? -eq 4

demo-plan: setup ocaml ## The complete plan on the sample history: quantify, bisect, diagnose, verify, alarm
	@rm -rf $(DEMO)
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash scripts/demo-plan.sh $(DEMO)

test: lint types unit test-browser docs-site wheel ## Everything that CI checks

lint: setup ## ruff for code, proselint for prose
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/proselint check README.md CONTRIBUTING.md docs

types: setup ## mypy --strict
	@$(BIN)/mypy bisector predicates

unit: setup ocaml tools ## pytest: most tests in WORKERS processes, then those that must run alone
	@$(call pytest,-m 'not long and not alone' --ignore=tests/browser,-n $(WORKERS) --dist worksteal)
	@$(call pytest,-m 'not long and alone' --ignore=tests/browser)

wheel: setup ## Build the wheel, install it in a clean environment, and run it there
	@bash scripts/check-wheel.sh

test-browser: setup ## Test the report in the system's Chromium, which is installed if missing
	@bash scripts/install-tools.sh chromium
	@$(call pytest,tests/browser)

fuzz: setup ocaml tools ## Property tests with new examples, ROUNDS times; add a failing one as an @example
	@for round in $$(seq $(ROUNDS)); do \
	  $(BIN)/python -m pytest -q -m 'hypothesis and not long and not alone' --hypothesis-profile=fuzz \
	    -n $(WORKERS) --dist worksteal --ignore=tests/browser || exit 1; \
	done

matrix: ## The tests with Python 3.11 to 3.14, and with the newest and the oldest libraries
	@nice bash scripts/test-matrix.sh

test-long: setup ocaml tools ## Every scenario, 120 commits, three seeds
	@$(BIN)/python -m pytest -q -m long

bench: setup ocaml ## Every table of docs/explanation/performance.md, also as JSON (build/bench)
	@$(BIN)/python -m benchmarks

bench-startup: setup ## The start time, as multiples of `python -c pass`
	@$(BIN)/python -m benchmarks.startup

bench-large: setup ## Ranges with 100,000 commits, slots with 50,000 files
	@$(BIN)/python -m benchmarks.large

calibration: setup ## Is the stated confidence true? 15,000 simulated hunts, an hour
	@$(BIN)/python -m benchmarks.calibration --plot docs/images/calibration.svg
	@$(BIN)/python -m benchmarks.calibration.verdicts

chaos: setup ## Kill hunts 300 times, at random moments and at crash points
	@mkdir -p build && $(BIN)/python -m tests.chaos --kills 300 --seed 1 --json build/chaos.json

worlds: setup ## Hunts in 2,000 small worlds with traps, half an hour
	@mkdir -p build && $(BIN)/python -m tests.worlds --worlds 2000 --seed 1 --jobs $(WORKERS) --json build/worlds.json

bench-search: setup ## The search core next to git's rule and the theoretical limits
	@$(BIN)/python -m benchmarks.search

bench-noise: setup ocaml ## Small steps on a busy machine, next to `git bisect run`
	@$(BIN)/python -m benchmarks.noise

captures: setup ocaml ## Create the pictures in docs/images again (needs tmux and Chromium)
	@$(BIN)/python -m scripts.write_captures

docs: setup ## Write the generated pages of the reference and the manual
	@$(BIN)/python -m scripts.write_reference

docs-site: setup ## Build the documentation as a site in build/site; a broken link fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean: ## Remove everything that make has created
	rm -rf $(VENV) $(DEMO) build dist *.egg-info
