# make run       start the app on $PORT (8501 unless set)
# make check     format, types and all tests but browser, oracle, slow and fuzz: the habit
# make test      everything but what is marked fuzz, the same answer every time; ARGS="-k word" goes to pytest
#                (both keep compiled programs in build/compiled, for the next time)
# make fuzz      what is marked fuzz, and all tests without a browser with new seeds and more examples
# make load      25 viewers at once, then 200 runs, within a memory limit; build/load.json
# make bench     measure the budgets; the table also lands in build/bench.json
# make evidence  train anew what the pages show on arrival, into maskdemo/data/
# make docs      write docs/settings.md from the declarations in the code
# make clean     remove everything that these made
#
# run watches no files: loading modules out of .venv, inside the app's folder, overflows the watcher.
# Each stamp below is remade only when the requirements behind it change.

PYTHON ?= python3
PORT ?= 8501
ARGS ?=
# tests/conftest.py says which tests stay in one process, and which begin.
TOGETHER := --numprocesses auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
STAMPS := $(VENV)/stamps

.PHONY: run lint check test fuzz load bench evidence docs clean

run: $(STAMPS)/run
	$(PY) -m streamlit run app.py --server.port $(PORT) --server.headless true --server.fileWatcherType none

lint: $(STAMPS)/test
	$(PY) -m ruff check .
	$(PY) -m pyrefly check --python-interpreter-path $(PY)

check test: export MASKDEMO_TESTS_COMPILED := $(CURDIR)/build/compiled

check: lint
	$(PY) -m pytest $(TOGETHER) --ignore tests/browser --ignore tests/oracles \
	    -m "not slow and not fuzz" $(ARGS)

test: lint
	$(PY) -m pytest $(TOGETHER) -m "not fuzz" $(ARGS)

fuzz: $(STAMPS)/test
	$(PY) -m pytest $(TOGETHER) -m "fuzz or not browser" --hypothesis-profile fuzz $(ARGS)

load: $(STAMPS)/test
	$(PY) -m tests.bench.load

bench: $(STAMPS)/bench
	$(PY) -m tests.bench

evidence: $(STAMPS)/run
	$(PY) -m maskdemo evidence

docs: $(STAMPS)/run
	$(PY) -m maskdemo settings > docs/settings.md

clean:
	rm -rf $(VENV) build maskdemo.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp rather than the folder: a virtual environment that failed half way is made again.
$(STAMPS)/venv:
	$(PYTHON) -m venv $(VENV)
	mkdir -p $(STAMPS)
	touch $@

$(STAMPS)/run: requirements.txt requirements-base.txt requirements-app.txt | $(STAMPS)/venv
	@echo "Installing what the app needs (about a minute the first time)"
	$(PIP) -r $<
	touch $@

$(STAMPS)/test: requirements-test.txt requirements-dask.txt $(STAMPS)/run
	@echo "Installing what the tests need"
	$(PIP) -r $<
	touch $@

$(STAMPS)/bench: requirements-bench.txt $(STAMPS)/run
	@echo "Installing the peers to measure against"
	$(PIP) -r $<
	touch $@
