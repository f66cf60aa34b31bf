# minipod: everything that is done with the sources. `make help` lists it.
# Recipes run in bash, each as one script that stops at the first error.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
MAKEFLAGS   += --no-print-directory

GOLANGCI_LINT := v2.15.0
VERSION = $$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
# The library's own manual pages need a Markdown parser that every start of the
# program would initialise.
TAGS    := urfave_cli_no_docs
LDFLAGS = -s -w -X github.com/minipod/minipod/cli.Version=$(VERSION)
ENV     := . .ci/env.sh
# What a test run may need beside Go: the images of the tests hold busybox.
TEST_NEEDS := busybox=busybox-static gcc=gcc ip=iproute2
PKGS    ?= ./...
DEMO_IMAGES := debian nginx ch6_ipc

.PHONY: help build images test test-race test-long test-vm lint bench floor demo man clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

build: ## build/minipod, one static binary
	@$(ENV)
	go build -tags $(TAGS) -trimpath -buildvcs=false -ldflags="$(LDFLAGS)" -o build/minipod .

images: ## build/images/*.tar, the images of the examples, from Debian packages (root)
	@$(ENV)
	need mmdebstrap=mmdebstrap gcc=gcc busybox=busybox-static
	[ -e /usr/include/stdlib.h ] || need libc-headers=libc6-dev
	go run ./examples/images/build $(IMAGES)

test: ## unit, kernel and script tests on this machine, with a table at the end (root)
	@$(ENV)
	need $(TEST_NEEDS)
	[ "$$(id -u)" != 0 ] || $(MAKE) images IMAGES="$(DEMO_IMAGES)"
	go run ./internal/testtable -name test -- go test -json -timeout 9m $(PKGS)

test-race: ## the same under the race detector
	@$(ENV)
	need $(TEST_NEEDS)
	CGO_ENABLED=1 go run ./internal/testtable -name test-race -- go test -json -race -timeout 30m $(PKGS)

test-long: ## million-step walks, chaos and fuzzing
	@$(ENV)
	need $(TEST_NEEDS)
	MINIPOD_TEST_LONG=1 go run ./internal/testtable -name test-long -- go test -json -timeout 60m $(PKGS)
	.ci/fuzz $(FUZZTIME)

test-vm: ## kernel and script tests under a stock Debian kernel with cgroup v2, in qemu
	@$(ENV)
	need qemu-system-x86_64=qemu-system-x86 busybox=busybox-static cpio=cpio depmod=kmod xz=xz-utils zstd=zstd mkfs.ext4=e2fsprogs
	$(MAKE) images IMAGES=ch6_ipc
	testdata/vm/run

lint: ## golangci-lint with the room rules of docs/design.md
	@$(ENV)
	lint=build/tools/golangci-lint-$(GOLANGCI_LINT)
	if [ ! -x "$$lint" ]; then
	  GOBIN=$$PWD/build/tools go install -trimpath -ldflags='-s -w' \
	    github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT)
	  mv build/tools/golangci-lint "$$lint"
	fi
	.ci/lint-rules "$$PWD/$$lint"
	"$$lint" run $(LINT_PATHS)

floor: ## build/floor, the bare system calls of a pod in C
	@$(ENV)
	need gcc=gcc
	[ -e /usr/include/stdlib.h ] || need libc-headers=libc6-dev
	mkdir -p build
	gcc -O2 -o build/floor bench/floor.c

bench: build floor ## Go benchmarks, and minipod beside its peers
	@$(ENV)
	go test -run '^$$' -bench . -benchmem $(PKGS)
	[ ! -x bench/run ] || bench/run

demo: build ## mc1 and mc2 from pod.yaml to clean host (root)
	@$(ENV)
	need mmdebstrap=mmdebstrap gcc=gcc busybox=busybox-static
	$(MAKE) images IMAGES="$(DEMO_IMAGES)"
	examples/demo

man: ## build/minipod.1, the manual page, from docs/cli.md
	@$(ENV)
	mkdir -p build
	go run github.com/cpuguy83/go-md2man/v2 -in docs/cli.md -out build/minipod.1

clean: ## remove build/
	@rm -rf build
