# Gatewatch needs no make: "go build -o gatewatch ./agent" builds it and ./test.sh tests it. This is for daily work.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: build check format fix vet lint test fast fuzz

build: ## the agent, static and stripped
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o gatewatch ./agent

check: format fix vet lint test ## all that has to pass before a review; the import rules are among the tests

format:
	@out=$$(gofmt -l .); [ -z "$$out" ] || { echo "run gofmt -w on:"; echo "$$out"; exit 1; }

fix: ## nothing left to modernise
	@out=$$(go fix -diff ./... 2>/dev/null); [ -z "$$out" ] || { echo "$$out"; echo "run go fix ./..."; exit 1; }

vet:
	go vet ./...

lint:
	@if command -v golangci-lint >/dev/null; then golangci-lint run; else echo "golangci-lint is not installed: skipped"; fi

test: ## offline, with the race detector; ./test.sh adds the real servers
	go test -race $$(go list ./... | grep -v /alerting/rules$$) && go test ./alerting/rules

fast:
	go test ./...

fuzz: ## each fuzz target for FUZZTIME
	@for p in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -h '^func Fuzz' $$p/*_test.go | sed 's/func \(Fuzz[A-Za-z0-9_]*\).*/\1/'); do \
			echo "$$p $$f"; go test $$p -run '^$$' -fuzz "^$$f\$$" -fuzztime $${FUZZTIME:-30s} || exit 1; \
		done; done
