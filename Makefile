# The whole interface for people and CI. Each target says what it does in its help line.
.DEFAULT_GOAL := help
.PHONY: help setup run build test bench sanitize format lint sim soak check

# The toolchain where the container images of Swift and our CI put it, after whatever is on PATH.
export PATH := $(PATH):/opt/swift/usr/bin:/usr/local/swift/usr/bin

SWIFT_FILES := Sources Tests Benchmarks Package.swift
STRICT := -Xswiftc -warnings-as-errors
# Narrow a test run: make check FILTER=KeyModelTests
FILTER ?=

help: ## Show these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## Install what is missing with apt: libraries, and what the tests start
	@scripts/setup.sh build test

run: ## Build for release and start a demo server: latchkey serve --dev
	@scripts/setup.sh build
	swift build -c release --product latchkey
	exec .build/release/latchkey serve --dev

build: ## Build for release, warnings are errors
	@scripts/setup.sh build
	swift build -c release $(STRICT)

test: setup lint ## Everything CI asks: setup, lint, build with warnings as errors, all tests
	swift build --build-tests $(STRICT)
	scripts/test.sh $(STRICT)

check: lint ## Fast round while working: lint, build, tests without EndToEnd (FILTER=… narrows)
	swift build --build-tests
	swift test --skip-build $(if $(FILTER),--filter '$(FILTER)',--skip EndToEndTests)

lint: ## swift format lint, strict
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)

format: ## Rewrite the sources as swift format wants them
	swift format --in-place --parallel --recursive $(SWIFT_FILES)

sanitize: setup ## All tests but EndToEnd under AddressSanitizer, then under ThreadSanitizer
	@scripts/sanitize.sh address
	@scripts/sanitize.sh thread

bench: ## Run the benchmarks and print what they measured (docs/BENCHMARKS.md has a run)
	@scripts/setup.sh build bench
	Benchmarks/run.sh

sim: ## Simulated worlds for a minute: keys, cycles, webhooks and restores under every fault
	swift run -c release latchkey-sim --seconds 60

soak: setup ## The long tests: 1,000 kills, fuzzing, an hour of mixed load
	@scripts/soak.sh
