# Versions of everything that is not in go.mod are pinned here, and only here.
GOLANGCI_LINT_VERSION := v2.15.0
GOFUMPT_VERSION       := v0.12.0
DEADCODE_VERSION      := v0.52.0
GOVULNCHECK_VERSION   := v1.1.4

GO      ?= go
TOOLS   := .tools
BIN     := $(CURDIR)/bin
DIST    := $(CURDIR)/dist
VERSION ?= $(shell git describe --tags --always --dirty --abbrev=12 2>/dev/null || echo dev)
LDFLAGS := -s -w -X sacbridge/cmd/internal/cli.version=$(VERSION)

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

.PHONY: build
build: ## build the programs into bin/
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o '$(BIN)/' ./cmd/bridge ./cmd/transport

# Where and under which names the programs are installed. iproute2 has a command called bridge, so ours is another one.
PREFIX         ?= /usr/local
DESTDIR        ?=
BRIDGE_NAME    ?= sacbridge
TRANSPORT_NAME ?= transport

.PHONY: install
install: ## install the programs into PREFIX (/usr/local), the bridge as BRIDGE_NAME (sacbridge)
	@test -x $(BIN)/bridge -a -x $(BIN)/transport || $(MAKE) build
	@$(BIN)/bridge version | grep -qF -e '$(VERSION)' || echo "note: what is installed was built from another commit; make build first"
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 0755 $(BIN)/bridge '$(DESTDIR)$(PREFIX)/bin/$(BRIDGE_NAME)'
	install -m 0755 $(BIN)/transport '$(DESTDIR)$(PREFIX)/bin/$(TRANSPORT_NAME)'

.PHONY: uninstall
uninstall: ## take away what make install with the same PREFIX and names has put there
	rm -f '$(DESTDIR)$(PREFIX)/bin/$(BRIDGE_NAME)' '$(DESTDIR)$(PREFIX)/bin/$(TRANSPORT_NAME)'

.PHONY: demo
demo: build ## copy teams between two simulated tenants, with plan, progress and result
	@'$(BIN)/transport' demo

.PHONY: test
test: ## all tests with the race detector, in random order
	$(GO) test -race -shuffle=on -p 4 -timeout 20m ./...

.PHONY: proofs
proofs: ## every combination of actions, fault and kill point, edits of others, stops and wrong answers at every point, 10,000 queries and patches; without the race detector, which runs a sample of them
	$(GO) test -timeout 20m -run 'Combination|EveryFault|RandomFaults|KilledAtAnyPoint|KeptRoleLinks' ./cmd/transport
	$(GO) test -timeout 20m -run 'EveryEdit|AStoppedProcess|AnInterruptedRun|NoWrongAnswer|TenantDrops|Stranger' ./internal/apply
	$(GO) test -run 'AnyQuery' ./internal/directory -rapid.checks=10000
	$(GO) test -run 'Filter|Patch|Membership' ./internal/scim -rapid.checks=10000

.PHONY: check
check: fmt-check vet lint dead test proofs ## everything a change has to pass

.PHONY: fmt
fmt: $(TOOLS)/gofumpt-$(GOFUMPT_VERSION) ## format the code
	$(TOOLS)/gofumpt-$(GOFUMPT_VERSION) -l -w $(shell git ls-files '*.go')

.PHONY: fmt-check
fmt-check: $(TOOLS)/gofumpt-$(GOFUMPT_VERSION)
	@out=$$($(TOOLS)/gofumpt-$(GOFUMPT_VERSION) -l $(shell git ls-files '*.go')); \
	if [ -n "$$out" ]; then echo "not formatted (make fmt):"; echo "$$out"; exit 1; fi

.PHONY: vet
vet: ## go vet for each system, go mod tidy, and the modernisers
	$(GO) vet ./...
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) vet ./...
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) vet ./...
	$(GO) mod tidy -diff
	@out=$$($(GO) fix -diff ./... 2>&1); if [ -n "$$out" ]; then echo "$$out"; echo "go fix ./... would change this"; exit 1; fi

.PHONY: lint
lint: $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION) ## golangci-lint
	$(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION) run ./...

.PHONY: dead
dead: $(TOOLS)/deadcode-$(DEADCODE_VERSION) ## code that no program reaches; of the contract suites and tests, what no test reaches
	@out=$$($(TOOLS)/deadcode-$(DEADCODE_VERSION) ./... | grep -v '^internal/store/storetest/\|^cmd/internal/manual/'); if [ -n "$$out" ]; then echo "$$out"; exit 1; fi
	@out=$$($(TOOLS)/deadcode-$(DEADCODE_VERSION) -test ./...); if [ -n "$$out" ]; then echo "$$out"; exit 1; fi

.PHONY: vuln
vuln: $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION) ## known vulnerabilities; needs the network for its database, so it is not part of check
	$(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION) ./...

.PHONY: bench
bench: build ## calls, scale with peak memory, rates of the bridge: each beside its baseline
	TRANSPORT_BINARY=$(BIN)/transport BRIDGE_BINARY=$(BIN)/bridge $(GO) test -p 1 -run '^$$' -bench . -benchtime 1x -timeout 60m ./cmd/transport ./cmd/bridge
	$(GO) test -run '^$$' -bench CommitOf64 -benchtime 1x ./internal/store/bolt

.PHONY: release
release: ## archives of the programs for Linux, macOS and Windows, with checksums and bills of materials, in dist/
	$(GO) run ./cmd/internal/release -version '$(VERSION)' -out '$(DIST)'

.PHONY: image
image: ## image of the programs for containers, an OCI layout in a tar file, in dist/
	$(GO) run ./cmd/internal/release -version '$(VERSION)' -out '$(DIST)' -image

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (one minute unless given)
	@for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $${FUZZTIME:-1m} $$pkg || exit 1; \
	  done; \
	done

$(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION):
	GOBIN='$(CURDIR)/$(TOOLS)' $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv $(TOOLS)/golangci-lint $@
$(TOOLS)/gofumpt-$(GOFUMPT_VERSION):
	GOBIN='$(CURDIR)/$(TOOLS)' $(GO) install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
	mv $(TOOLS)/gofumpt $@
$(TOOLS)/deadcode-$(DEADCODE_VERSION):
	GOBIN='$(CURDIR)/$(TOOLS)' $(GO) install golang.org/x/tools/cmd/deadcode@$(DEADCODE_VERSION)
	mv $(TOOLS)/deadcode $@
$(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION):
	GOBIN='$(CURDIR)/$(TOOLS)' $(GO) install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	mv $(TOOLS)/govulncheck $@
