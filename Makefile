# The whole vocabulary of this project. `make` alone says it.
.DEFAULT_GOAL := help
.PHONY: help run test corpus build release bench docs fmt check clean bootstrap

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

run: ## install what is missing, build, and serve on http://127.0.0.1:3001/ (DUBPLATE_LIBRARY=/music, HOST, PORT)
	@scripts/run

test: ## install what is missing, build, and run every test
	@scripts/test

corpus: ## every decoder and container, served and compared with an independent decode: a table
	@scripts/corpus

build: bootstrap ## debug build
	@scripts/build

release: bootstrap ## optimised build
	@scripts/build -c release

bench: bootstrap ## measure, and compare with the thresholds
	@Benchmarks/run

docs: bootstrap ## the Socket.IO library's reference, into .build-docs/
	@scripts/docs

fmt: ## format the Swift code
	@swift format -i -r -p Package.swift Sources Tests

check: ## formatting and layout, without building
	@scripts/check

clean: ## remove what was built; data and library stay
	@rm -rf .build .swiftpm

bootstrap:
	@scripts/bootstrap
