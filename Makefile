# modelvet: `make demo` and `make test` do all set-up themselves.
SHELL := /bin/bash
GO ?= go
OPA = $(GO) run github.com/open-policy-agent/opa@$(shell $(GO) list -m -f '{{.Version}}' github.com/open-policy-agent/opa)
FUZZTIME ?= 20s
LDFLAGS = -s -w $(if $(VERSION),-X main.release=$(VERSION))

.PHONY: help release build test lint fmt bench demo fuzz golden interop clean

help: ## show this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/modelvet
	$(GO) build -trimpath -ldflags "$(LDFLAGS)" -o bin/modelvet ./cmd/modelvet

test: ## run every test that needs no other program
	$(GO) test ./...

lint: ## formatting, vet, Rego formatting
	@test -z "$$(gofmt -l . | tee /dev/stderr)" || { echo "gofmt -w the files above"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags interop ./...
	@$(OPA) fmt --fail --list policies > /dev/null || { $(OPA) fmt --list policies; echo "opa fmt -w policies"; exit 1; }

fmt: ## format Go and Rego
	gofmt -w .
	$(OPA) fmt -w policies

demo: build ## three models through the gate: allowed after approval, and two denied
	scripts/demo.sh

bench: build ## benchmarks, and whole commands timed
	scripts/bench.sh

fuzz: ## run every fuzz target for FUZZTIME (default 20s)
	scripts/fuzz.sh $(FUZZTIME)

golden: ## rewrite the golden files and the generated docs
	$(GO) test ./... -update

interop: build ## the suites against real peers, which are installed into the user's cache folder
	scripts/interop.sh

release: ## archives, image, bill of materials for VERSION=v1.2.3 (docs/ci.md); publishes nothing
	scripts/release.sh $(or $(VERSION),$(error VERSION=v1.2.3 is missing))

clean: ## remove what was built
	rm -rf bin dist
