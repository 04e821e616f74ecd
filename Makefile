# The verbs. Recipes are one or two lines; what is longer is a script.
SHELL := /bin/bash
PYTHON := .venv/bin/python

# What a shell has for itself, and would lead the scripts elsewhere.
unexport CDPATH BASH_ENV ENV

# Make reads a file with Windows line ends, bash does not: so this is the one place to say it.
crlf := $(shell LC_ALL=C grep -rl --include='*.sh' --include='*.sql' --include='*.conf' "$$(printf '\r')" scripts postgres)
ifneq ($(crlf),)
$(error This checkout has Windows line ends, and no script runs with them: $(firstword $(crlf)). \
  Clone it anew (it asks git for LF by itself), or mend it, your changes included: \
  grep -rlI --exclude-dir='.?*' "$$(printf '\r')" . | xargs perl -pi -e 's/\r$$//')
endif

.DEFAULT_GOAL := help

.PHONY: help
help: ## list these verbs
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F '|' '{ printf "  make %-12s %s\n", $$1, $$2 }'

.PHONY: up
up: ## start PostgreSQL and the dashboard, installing and building what is missing
	@bash scripts/up.sh

.PHONY: down
down: ## stop them; the data stays
	@bash scripts/down.sh

.PHONY: clean
clean: ## remove all that the lab made: containers, data, images, .venv, .secrets
	@bash scripts/clean.sh

.PHONY: logs
logs: ## follow the logs of both services
	@bash scripts/logs.sh

.PHONY: status
status: ## show the containers and what System Health says
	@bash scripts/status.sh

.PHONY: doctor
doctor: ## say what the lab would stumble over on this host, first what stops it
	@bash scripts/doctor.sh

.PHONY: policy
policy: ## change the pool policy for good: make policy NAME=naive
	@NAME="$(NAME)" bash scripts/policy.sh

.PHONY: restart-db
restart-db: ## restart PostgreSQL and watch who recovers (HOLD=20, REPEAT=10, LAB_LIMIT_S=15)
	@bash scripts/restart-db.sh

.PHONY: crash-db
crash-db: ## the same with SIGKILL
	@bash scripts/crash-db.sh

.PHONY: by-hand
by-hand: ## restart PostgreSQL, then the dashboard: what a hand on it costs (HOLD=3, REPEAT=5)
	@bash scripts/by-hand.sh

.PHONY: observe
observe: ## start Prometheus beside the stack, with alert rules over it: http://127.0.0.1:9090
	@bash scripts/observe.sh

.PHONY: demo
demo: images ## show the error that users meet, then its cure, in under a minute
	@bash scripts/alone.sh demo .venv/bin/recovery-lab demo -- bash scripts/take-away.sh restart

.PHONY: matrix
matrix: images ## faults x contenders, judged: FAULTS= POLICIES= JOBS= REPEATS= HOLD= SOLO=1 KEEP=1 RESUME=
	@bash scripts/matrix.sh

.PHONY: versions
versions: versions-image ## other versions of SQLAlchemy and driver, and st.connection, judged alike, in three minutes
	@TARGET=versions.toml FAULTS="$${FAULTS:-restart,kill}" REPEATS="$${REPEATS:-3}" bash scripts/matrix.sh

.PHONY: peers
peers: versions-image ## steadypool and its peers, judged alike: restart, kill, freeze and drop, in six minutes
	@TARGET=peers.toml FAULTS="$${FAULTS:-restart,kill,freeze,drop}" REPEATS="$${REPEATS:-3}" bash scripts/matrix.sh

.PHONY: tls
tls: images certificates ## the same stack over TLS, verify-full, judged alike: restart, kill and drop, in two minutes
	@TARGET=tls.toml FAULTS="$${FAULTS:-restart,kill,drop}" bash scripts/matrix.sh

.PHONY: heal
heal: environment ## heal what a killed run left open, and remove its stack (KEEP=1 leaves it)
	@.venv/bin/recovery-lab heal

.PHONY: verify
verify: browser-image strangers ## prove it all on a stack of its own, then print what was proven
	@bash scripts/verify.sh

.PHONY: verify-more
verify-more: browser-image strangers ## the same, and what takes longer: odd checkouts and folders, in ten minutes
	@bash scripts/verify.sh more

.PHONY: bench
bench: images ## measure what each policy costs when nothing is wrong, on a stack of its own, in five minutes
	@bash scripts/alone.sh bench $(PYTHON) -m tests.bench

.PHONY: bench-notice
bench-notice: images ## measure whether the health check should try again, on a stack of its own, in six minutes
	@bash scripts/alone.sh bench-notice $(PYTHON) -m tests.bench.notice

.PHONY: bench-pages
bench-pages: browser-image ## measure the pages with 20 open tabs, on a stack of its own, in four minutes
	@bash scripts/alone.sh bench-pages $(PYTHON) -m tests.browser.bench_pages

.PHONY: mutants
mutants: environment ## change the judge in small ways and count what its tests notice, in ten minutes
	@bash scripts/mutants.sh

.PHONY: test
test: environment ## the unit tests alone, in seconds, without Docker
	@$(PYTHON) -m pytest tests/unit
	@$(PYTHON) -m pytest steadypool/tests

.PHONY: test-steadypool
test-steadypool: environment ## the tests of steadypool/, on a scripted server, in a minute and a half
	@$(PYTHON) -m pytest steadypool/tests

.PHONY: lint
lint: environment ## check the code, the shell scripts and the compose files
	@bash scripts/lint.sh

.PHONY: format
format: environment ## lay the code out as lint wants it
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format --quiet .
	@.venv/bin/shfmt --write scripts postgres .ci/run

.PHONY: wheel
wheel: environment ## build recovery_lab as a wheel into dist/, to try an engine or a URL of your own
	@.venv/bin/uv build --quiet --wheel --out-dir dist && ls dist/*.whl

.PHONY: docs
docs: environment ## make the tables anew that the documents repeat from code and from recorded runs
	@$(PYTHON) -m tests.tables

.PHONY: result-doc
result-doc: environment ## make the plan's result document anew, in Korean and English, from recorded runs
	@$(PYTHON) -m tests.result_doc

.PHONY: lock
lock: environment ## lock the dependencies anew: make lock, or make lock UPGRADE=--upgrade
	@bash scripts/lock.sh $(UPGRADE)

# Not listed: what the verbs above stand on.
.PHONY: images
images:
	@bash scripts/prepare.sh

.PHONY: browser-image
browser-image:
	@bash scripts/prepare.sh prometheus browser second

.PHONY: versions-image
versions-image:
	@bash scripts/prepare.sh versions

.PHONY: strangers
strangers: environment
	@bash scripts/strangers.sh postgresql django pools older-pools

.PHONY: certificates
certificates:
	@bash scripts/certificates.sh postgres

.PHONY: environment
environment:
	@bash scripts/venv.sh
