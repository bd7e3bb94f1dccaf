# The two commands of the README are `make demo` and `make test`; both do all their own set-up.
NODE := node_modules/.bin/node
.PHONY: demo test check source-test cluster-test soak generate clean

demo: node_modules/.installed
	$(NODE) tools/demo/demo.ts $(if $(KEEP),--keep)

test: node_modules/.installed
	npm run check
	npm run source-test
	npm run cluster-test
	@if [ -n "$$EVENKEEL_CORPUS" ]; then npm run corpus-test; \
	else echo "corpus: EVENKEEL_CORPUS is not set, 0 corpus tests ran"; fi

check: node_modules/.installed
	npm run check

source-test: node_modules/.installed
	npm run source-test

cluster-test: node_modules/.installed
	npm run cluster-test

# By chance, on real control planes; every act is shown: make soak MINUTES=30 SEED=1
soak: node_modules/.installed
	MINUTES=$(or $(MINUTES),30) SEED=$(SEED) SOAK_LOUD=true npm run soak

# Regenerates everything that is generated: CRDs, install.yaml, dashboards, tables in docs.
generate: node_modules/.installed
	$(NODE) tools/generate.ts

# The pinned Node and all packages, from the lock file alone. Needs any Node >= 20 with npm; packages that warn about an
# older one run with the pinned one.
node_modules/.installed: package.json package-lock.json .npmrc
	npm ci --loglevel=error
	@touch $@

clean:
	rm -rf node_modules dist
