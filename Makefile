# Every command of the project. Each target does the set-up that it needs, into ignored folders of this
# checkout. ARGS passes arguments on: make test ARGS='-k ring'
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python
ARGS ?=
# A setting as it was typed, for the shell: Wi-Fi passwords have dollars and quotes in them.
typed = '$(subst ','\'',$(value $(1)))'
# Nobody is to update what this project pins.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export NPM_CONFIG_UPDATE_NOTIFIER := false
# Two more tests than cores at a time: many wait for a board's line or a socket.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 2)

# `make` lists these two groups first; every other target with a text after two number signs is for development.
FOR_USE := demo sandbox plan pull audit
FOR_A_BOARD := flash deploy board-check board emulate package release verify-live

.PHONY: help
help:
	@awk -F ':.*## ' -v use='$(FOR_USE)' -v board='$(FOR_A_BOARD)' ' \
		BEGIN { split(use, a, " "); for (i in a) group[a[i]] = 1; split(board, b, " "); for (i in b) group[b[i]] = 2 } \
		/^[a-z0-9-]+:.*## / { line = sprintf("  make %-17s %s\n", $$1, $$2); n = group[$$1] ? group[$$1] : 3; text[n] = text[n] line } \
		END { printf "use\n%s\na board\n%s\ndevelop\n%s", text[1], text[2], text[3] }' Makefile

.PHONY: test
test: setup typings/.stamp ## run all tests (ARGS='-k ring': some of them, ARGS=--durations=20: and tell the slow ones)
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u ARGS $(RUN) -m pytest -n $(WORKERS) --dist worksteal -q $(ARGS)

.PHONY: powercut powercut-long
powercut: setup ## cut the power all through the storage workloads (CASE=... repeats one case)
	@$(RUN) -m tools.powercut.drive $(ARGS) $(CASE)

powercut-long: setup ## the same at every byte
	@$(RUN) -m tools.powercut.drive --long $(ARGS)

.PHONY: mutants
mutants: setup ## make small mistakes in the library and see whether the tests notice (400 take an hour or two; ARGS='--count 20')
	@$(RUN) -m tools.mutants $(ARGS)

.PHONY: soak
soak: setup ## live through thirty simulated days of faults, then check the ledger (ARGS='--seed 7' repeats a run)
	@$(RUN) -m tools.soak $(ARGS)

.PHONY: lint
lint: setup typings/.stamp ## check style, types against the boards' stubs, and for machine paths
	@$(RUN) -m tools.lint $(ARGS)

.PHONY: demo
demo: setup ## watch a station lose network and power, come back, and deliver every reading
	@$(RUN) -m tools.demo $(ARGS)

.PHONY: demo-picture
demo-picture: .venv/.stamp node ## take the README's picture of the demo
	@$(RUN) -m tools.pictures demo $(ARGS)

.PHONY: sandbox
sandbox: .venv/.stamp node ## run a local server that stands in for Blynk (ARGS=--help lists its options)
	@exec $(RUN) -m tools.sandbox $(ARGS)

.PHONY: sandbox-bench dashboard-picture
sandbox-bench: .venv/.stamp node ## time the sandbox's page and queries with a million points
	@$(RUN) -m tools.sandbox.measure $(ARGS)

dashboard-picture: .venv/.stamp node ## take the README's picture of the sandbox's page
	@$(RUN) -m tools.pictures dashboard $(ARGS)

.PHONY: plan
plan: setup ## work out a station: ring, outage, life of the flash, requests (ARGS=--help)
	@$(RUN) -m tools.plan $(ARGS)

.PHONY: fleet
fleet: setup ## see whether ten thousand stations that start together ask together for ever (ARGS=--help)
	@$(RUN) -m tools.fleet $(ARGS)

.PHONY: pull
pull: setup ## read a ring off a board, an image or a folder; export or upload it (ARGS=--help)
	@$(RUN) -m tools.pull $(ARGS)

.PHONY: flash
flash: .venv/.stamp ## put a MicroPython image onto a board (FIRMWARE=file, ESP32: PORT= ERASE=1, Pico W: VOLUME=)
	@$(RUN) -m tools.flash $(if $(FIRMWARE),--firmware $(call typed,FIRMWARE)) $(if $(PORT),--port $(call typed,PORT)) \
		$(if $(VOLUME),--volume $(call typed,VOLUME)) $(if $(ERASE),--erase) $(if $(YES),--yes) $(ARGS)

.PHONY: deploy
deploy: .venv/.stamp ## put the library onto a board (PORT=, EXAMPLE=pico_w, TOOL=ampy, REPLACE=1, SOURCE=1)
	@$(RUN) -m tools.deploy $(if $(PORT),--port $(call typed,PORT)) $(if $(TOOL),--tool $(call typed,TOOL)) \
		$(if $(EXAMPLE),--example $(call typed,EXAMPLE)) $(if $(REPLACE),--replace) $(if $(SOURCE),--source) $(ARGS)

.PHONY: bundle
bundle: .venv/.stamp ## join the library's modules into the bundles that boards load (ARGS='--trace FILE': a traceback)
	@$(RUN) -m tools.bundle $(ARGS)

.PHONY: board-check
board-check: .venv/.stamp ## check the library on a board and print a report (PORT=, WIFI=name PASSWORD=... to drain)
	@$(RUN) -m tools.board_check $(if $(PORT),--port $(call typed,PORT)) $(if $(TOOL),--tool $(call typed,TOOL)) \
		$(if $(WIFI),--wifi $(call typed,WIFI) --password $(call typed,PASSWORD)) $(ARGS)

.PHONY: package
package: .venv/.stamp ## write package.json, by which mip installs the library, and compiled bundles for it
	@$(RUN) -m tools.package $(if $(BASE),--base $(call typed,BASE)) $(ARGS)

.PHONY: release
release: .venv/.stamp ## write the zips of a release and their checksums into build/release/
	@$(RUN) -m tools.release $(ARGS)

.PHONY: board
board: .venv/.stamp node ## run a board without hardware that mpremote and ampy talk to
	@exec $(RUN) -m tools.virtual_board $(ARGS)

.PHONY: emulate emulate-bench emulate-powercut
emulate: .venv/.stamp node ## run a Pico's firmware without a Pico (FIRMWARE=file.uf2), at a port like a board's
	@exec $(RUN) -m tools.emulator $(if $(FIRMWARE),--firmware $(call typed,FIRMWARE)) $(ARGS)

emulate-bench: .venv/.stamp node ## measure the library on it: a wake, a reading, a drain (ARGS=--help)
	@exec $(RUN) -m tools.emulator.bench $(if $(FIRMWARE),--firmware $(call typed,FIRMWARE)) $(ARGS)

emulate-powercut: .venv/.stamp node ## cut its power while it writes, and check what was acknowledged (ARGS=--help)
	@exec $(RUN) -m tools.emulator.powercut $(if $(FIRMWARE),--firmware $(call typed,FIRMWARE)) $(ARGS)

.PHONY: verify-live
# Not from the environment: a TOKEN there may be another service's.
ifeq ($(origin TOKEN),command line)
verify-live: export BLYNK_TOKEN := $(TOKEN)
endif
verify-live: .venv/.stamp ## see what the live service answers and stores, beside the sandbox (TOKEN=... PIN=V1 SERVER=...)
	@$(RUN) -m tools.verify_live $(if $(PIN),--pin $(call typed,PIN)) $(if $(SERVER),--server $(call typed,SERVER)) $(ARGS)

.PHONY: audit
ifeq ($(origin TOKEN),command line)
audit: export BLYNK_TOKEN := $(TOKEN)
endif
audit: setup ## compare a ring with what the server has stored of it (TOKEN=... SERVER=... ARGS='--folder ring')
	@$(RUN) -m tools.verify_live.audit $(if $(SERVER),--server $(call typed,SERVER)) $(ARGS)

.PHONY: size
size: setup ## count each library file's lines, and the bytes and blocks that it takes on a board
	@$(RUN) -m tools.size $(ARGS)

.PHONY: bench
bench: setup .venv/.bench.stamp ## measure flash, heap and speed beside the naive ways (ARGS=wear: one part)
	@$(RUN) -m tools.bench $(ARGS)

.PHONY: release-check
release-check: .venv/.stamp ## may this checkout be released as the version that it says?
	@$(RUN) -m tools.release_check

.PHONY: transports
transports: setup ## measure what each transport costs in time, blocking and heap (ARGS=--no-heap: not the heap)
	@$(RUN) -m tools.transports $(ARGS)

.PHONY: setup
setup: .venv/.stamp node ## fetch what the other targets need (they do it themselves)
	@tools/micropython -c ''

.PHONY: clean
clean: ## remove everything that set-up, tests and builds made
	rm -rf .venv .micropython typings build tools/node/node_modules .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up is done by one make at a time: another one in the next terminal waits, and then finds it done.
.venv/.stamp .venv/.bench.stamp typings/.stamp: pyproject.toml
.venv/.bench.stamp typings/.stamp: .venv/.stamp
tools/node/node_modules/.stamp: tools/node/package.json

ifndef ALONE
.venv/.stamp .venv/.bench.stamp typings/.stamp tools/node/node_modules/.stamp:
	@$(PYTHON) tools/setup_lock.py $(MAKE) -s ALONE=1 $@
else
.venv/.stamp:
	@echo "setting up .venv" >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 9) and "Python 3.9 or newer is needed: make PYTHON=python3.11")'
	@$(RUN) -m pip --version >/dev/null 2>&1 || { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@$(RUN) -m pip install -q 'pip>=25.1,<26'
	@$(RUN) -m pip install -q --group dev
	@touch $@

.venv/.bench.stamp:
	@$(RUN) -m pip install -q --group bench
	@touch $@

# The two boards' stubs name the same modules, so each has a folder of its own.
typings/.stamp:
	@echo "setting up typings"
	@rm -rf typings
	@$(RUN) -m pip install -q --no-deps --target typings/esp32 --group stubs-esp32
	@$(RUN) -m pip install -q --no-deps --target typings/rp2 --group stubs-rp2
	@touch $@

tools/node/node_modules/.stamp:
	@echo "setting up tools/node/node_modules" >&2
	@cd tools/node && npm install --no-package-lock --no-audit --no-fund --loglevel=error >&2
	@touch $@
endif

# Node is optional: without it the tests on the webassembly port are skipped.
.PHONY: node
node:
	@if command -v npm >/dev/null 2>&1; then $(MAKE) -s tools/node/node_modules/.stamp; \
	else echo "npm is not there: no tests that need Node.js, no charts in the sandbox's page" >&2; fi
