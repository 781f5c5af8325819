# The whole contributor loop. It needs Python 3.11 or newer, git and make; everything else goes into .venv.
#
#   make run     two servers on this machine that follow each other, with their sign-in links
#   make test    every test              make lint    style and types          make bench   what it does per CPU-second
#   make coverage-api  how much of the client API a running instance does
#   make schema  migrations/schema.sql   make lock    requirements.lock        make clean   back to a fresh clone

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
PIP := $(PY) -m pip --disable-pip-version-check
WORKERS ?= 2
PYTEST_ARGS ?=

.PHONY: run test coverage-api lint bench schema lock clean install programs
.DELETE_ON_ERROR:

run: $(STAMP)
	$(PY) -m fedi dev

test: $(STAMP) programs coverage-api
	$(PY) -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

coverage-api: $(STAMP)
	$(PY) -m tests.coverage

lint: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: $(STAMP)
	$(PY) -m bench

schema: $(STAMP)
	$(PY) -c 'from fedi.storage import migrate as m; f = m.folder(); (f / "schema.sql").write_text(m.schema_sql(f), "utf-8")'

# Made anew only when the lock or the project's own metadata is newer than the last installation.
install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@if ! $(PY) -c '' 2>/dev/null; then \
	    for python in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3 python; do \
	        if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$python"; break; fi; \
	    done; \
	    if [ -z "$$found" ]; then echo "Python 3.11 or newer is needed; name it with 'make PYTHON=/path/to/python'." >&2; exit 1; fi; \
	    echo "$$found -m venv $(VENV)"; \
	    "$$found" -m venv --clear $(VENV) || { echo "On Debian and Ubuntu the package python3-venv is needed for that." >&2; exit 1; }; \
	fi
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

# Programs that tests drive and pip cannot install. Where they cannot be installed the tests that need them are skipped, but never
# under CI=true. nginx is for CI alone: Debian starts it when it is installed, which RUNLEVEL=1 keeps it from only in containers.
programs: $(STAMP)
	@missing=""; \
	need() { package="$$1"; shift; for name; do if command -v "$$name" >/dev/null 2>&1; then return; fi; done; missing="$$missing $$package"; }; \
	PATH="$$PATH:/usr/sbin:/sbin"; \
	[ -n "$$FEDI_CHROMIUM" ] || need chromium chromium chromium-browser google-chrome google-chrome-stable; \
	[ "$$(uname)" != Linux ] || need strace strace; \
	need ffmpeg ffmpeg; \
	[ "$$CI" != true ] || need nginx-light nginx; \
	[ -n "$$missing" ] || exit 0; \
	root=""; [ "$$(id -u)" = 0 ] || root="sudo -n"; \
	if command -v apt-get >/dev/null 2>&1 && $$root true 2>/dev/null; then \
	    echo "apt-get install$$missing"; \
	    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; \
	    if { $$root apt-get -qq update && $$root apt-get -qq install -y --no-install-recommends $$missing; } >$(VENV)/apt.log 2>&1; \
	    then exit 0; fi; \
	    tail -n 5 $(VENV)/apt.log >&2; \
	fi; \
	echo "Not installed:$$missing. The tests that need them are skipped; install them, or name a browser with FEDI_CHROMIUM." >&2; \
	[ "$$CI" != true ] || { echo "With CI=true nothing is skipped, so this is an error." >&2; exit 1; }

# Every version and hash anew from pyproject.toml; `make lock UPGRADE=--upgrade` takes the newest ones.
lock:
	@$(MAKE) --no-print-directory install
	$(PY) -m venv build/lock
	build/lock/bin/python -m pip --disable-pip-version-check install --quiet pip-tools
	cp requirements.lock build/requirements.txt
	build/lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --all-extras --all-build-deps --strip-extras $(UPGRADE) \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --no-header \
	    --output-file build/requirements.txt pyproject.toml
	{ sed '/^[^#]/,$$d' requirements.lock; sed '/^#/d;' build/requirements.txt; } > build/requirements.lock
	mv build/requirements.lock requirements.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
