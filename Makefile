# Each target calls scripts/course.py, which needs nothing but Python: without make, call that.
# Options go in ARGS: make test ARGS="-k occlusion", make lab ARGS=--no-browser
PYTHON ?= python3
COURSE := $(PYTHON) scripts/course.py

.DEFAULT_GOAL := help
.PHONY: help lab present slides setup check test notebooks claims bench matrix mutants exercises lint lock fetch doctor clean

help: ## show these targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done

lab: ## set up where needed, then open JupyterLab on the start page
	@$(COURSE) lab $(ARGS)

present: ## open a part as live slides (PART=04)
	@$(COURSE) present $(PART) $(ARGS)

slides: ## write a part as slides into one HTML file (PART=04)
	@$(COURSE) slides $(PART) $(ARGS)

setup: ## make .venv, install the package and fetch the weights
	@$(COURSE) setup $(ARGS)

check: ## style, types and quick tests (4 minutes at most on two cores)
	@$(COURSE) check $(ARGS)

test: ## set up where needed, then run every test
	@$(COURSE) test $(ARGS)

notebooks: ## run all notebooks from top to bottom
	@$(COURSE) notebooks $(ARGS)

claims: ## run the lecture's claims in full (minutes)
	@$(COURSE) claims $(ARGS)

bench: ## measure speed against other libraries and the floor
	@$(COURSE) bench $(ARGS)

matrix: ## try every method on many networks against plain answers (minutes to hours)
	@$(COURSE) matrix $(ARGS)

mutants: ## plant small faults in core modules: do the tests notice? (minutes)
	@$(COURSE) mutants $(ARGS)

exercises: ## build notebooks and packs from exercises/ (ARGS="--solutions FOLDER": solved notebooks)
	@$(COURSE) exercises $(ARGS)

lint: ## check the style of code and notebooks
	@$(COURSE) lint $(ARGS)

lock: ## write the installed versions into requirements.lock
	@$(COURSE) lock $(ARGS)

fetch: ## fetch the weights that are not there yet
	@$(COURSE) fetch $(ARGS)

doctor: ## say what is installed, what is missing, and what mends it
	@$(COURSE) doctor $(ARGS)

clean: ## remove what tests and builds left behind (ARGS=--all: .venv too)
	@$(COURSE) clean $(ARGS)
