# Everything a newcomer or a CI machine runs. `make` alone lists it.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X igny8/internal/app.Version=$(VERSION)
# The race detector needs a C compiler. It brings a check of pointer arithmetic,
# which SQLite, being translated from C, spends a quarter of its time in. SQLite cannot
# be left out of the rest: generic code of the standard library is shared with it.
RACE     = $(shell test "$$($(GO) env CGO_ENABLED)" = 1 && command -v $$($(GO) env CC) >/dev/null && echo '-race -gcflags=modernc.org/...=-d=checkptr=0')
PACKAGES ?= ./...

SHORT ?=
SEED ?=
SECONDS ?=

.PHONY: help build demo test check generate fmt fuzz proofs mutants bench torture clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 12

build: ## bin/igny8, one static file
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/igny8 ./cmd/igny8

demo: build ## fill a database, play the whole journey, keep serving (ARGS=--once ends after it)
	bin/igny8 demo $(ARGS)

test: ## all tests, on SQLite, on a PostgreSQL of their own (or IGNY8_TEST_DATABASE_URL), through PgBouncer, nginx and Caddy, and in chromium
	@scripts/with-chromium scripts/with-proxies scripts/with-pgbouncer scripts/with-postgres $(GO) test $(RACE) -shuffle=on -timeout 20m $(PACKAGES)

bench: ## measure, and write bench/RESULTS.md; ten minutes (SHORT=1: less than one, to bench/out)
	@cd bench && IGNY8_BENCH_SHORT=$(SHORT) WITH_POSTGRES_DURABLE=1 ../scripts/with-postgres $(GO) test -tags bench -count=1 -timeout 15m -v .

torture: ## 16 clients while servers, databases and disks fail; 90 seconds (SECONDS=600 for longer, SEED=n to repeat)
	@IGNY8_TORTURE_SEED=$(SEED) IGNY8_TORTURE_SECONDS=$(SECONDS) scripts/with-pgbouncer scripts/with-postgres $(GO) test -tags torture -count=1 -timeout 4h -v ./test/torture

check: ## generated files, format, vet, staticcheck
	scripts/check-generated
	scripts/check-format
	$(GO) vet ./...
	$(GO) vet -tags bench ./bench
	$(GO) vet -tags torture ./test/torture
	$$(scripts/tool staticcheck) ./...

proofs: ## who may use which route, asked and counted; checks taken away one at a time, and a sample of mutants
	scripts/proofs

mutants: ## change the core in small ways and list what no test sees; an hour (SECONDS=600 for less, SEED=n for another order)
	@SECONDS_OF_MUTANTS=$(SECONDS) SEED=$(SEED) scripts/mutants

fuzz: ## every fuzz test for 30 seconds (SECONDS=5 for less)
	scripts/fuzz $(or $(SECONDS),30)

generate: ## everything that is generated and committed
	scripts/generate

fmt: ## gofmt in place
	gofmt -w cmd internal *.go

clean: ## what was built here
	rm -rf bin .tools
