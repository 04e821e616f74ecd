# The verbs. Recipes are one or two lines; what is longer is a script.
SHELL := /bin/bash
PYTHON := .venv/bin/python

.DEFAULT_GOAL := help

.PHONY: help
help: ## list these verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F '|' '{ printf "  make %-11s %s\n", $$1, $$2 }'

.PHONY: up
up: ## start PostgreSQL and the dashboard, installing and building what is missing
	@scripts/up.sh

.PHONY: down
down: ## stop them; the data stays
	@scripts/down.sh

.PHONY: clean
clean: ## remove all that the lab made: containers, data, images, .venv, .secrets
	@scripts/clean.sh

.PHONY: logs
logs: ## follow the logs of both services
	@docker compose logs --follow --tail 100

.PHONY: status
status: ## show the containers and what System Health says
	@scripts/status.sh

.PHONY: doctor
doctor: ## check Docker, Compose, Python and the settings
	@scripts/preflight.sh --verbose && scripts/check.sh

.PHONY: policy
policy: ## change the pool policy for good: make policy NAME=naive
	@NAME="$(NAME)" scripts/policy.sh

.PHONY: restart-db
restart-db: ## restart PostgreSQL and watch who recovers (HOLD=20, REPEAT=10, LAB_LIMIT_S=15)
	@scripts/restart-db.sh

.PHONY: crash-db
crash-db: ## the same with SIGKILL
	@scripts/crash-db.sh

.PHONY: demo
demo: images ## show the error that users meet, then its cure, in half a minute
	@.venv/bin/recovery-lab demo -- scripts/take-away.sh restart

.PHONY: matrix
matrix: images ## faults x contenders, judged: FAULTS= POLICIES= REPEATS= HOLD= SOLO=1 KEEP=1 RESUME=
	@scripts/matrix.sh

.PHONY: heal
heal: environment ## heal what a killed run left open, and remove its stack (KEEP=1 leaves it)
	@.venv/bin/recovery-lab heal

.PHONY: verify
verify: browser-image ## prove it all on a stack of its own, then print what was proven
	@scripts/verify.sh

.PHONY: bench-pages
bench-pages: browser-image ## measure the pages with 20 open tabs, on a stack of its own, in four minutes
	@$(PYTHON) -m tests.browser.bench_pages

.PHONY: test
test: environment ## the unit tests alone, in seconds, without Docker
	@$(PYTHON) -m pytest tests/unit

.PHONY: lint
lint: environment ## check the code, the shell scripts and the compose files
	@scripts/lint.sh

.PHONY: format
format: environment ## lay the code out as lint wants it
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format --quiet .
	@.venv/bin/shfmt --write scripts postgres .ci/run

.PHONY: docs
docs: environment ## make the tables anew that the documents repeat from code and from recorded runs
	@$(PYTHON) -m tests.tables

.PHONY: lock
lock: environment ## lock the dependencies anew: make lock, or make lock UPGRADE=--upgrade
	@scripts/lock.sh $(UPGRADE)

# Not listed: what the verbs above stand on.
.PHONY: images
images:
	@scripts/preflight.sh && scripts/check.sh && scripts/secrets.sh && scripts/images.sh

.PHONY: browser-image
browser-image:
	@scripts/preflight.sh && scripts/check.sh && scripts/secrets.sh && scripts/images.sh browser

.PHONY: environment
environment:
	@scripts/venv.sh
