# Everything is installed once, into .venv; nothing outside this folder is changed.

# The first Python that TensorFlow and NumPy both support. Choose another one with: make lab PYTHON=/path/to/python
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV = .venv/bin/python
PIP = $(VENV) -m pip --disable-pip-version-check
# The processes that run tests, and notebooks, side by side.
WORKERS = 2

# Our matrices are small. Two threads for each product gain little, but on a busy computer they wait for each other, and a
# training takes ten times as long. One thread also adds numbers in the same order on every computer.
export OPENBLAS_NUM_THREADS ?= 1

# Jupyter, Matplotlib and pip write below HOME. In a container there may be none.
ifneq ($(shell test -d "$$HOME" && test -w "$$HOME" && echo yes),yes)
export HOME := $(CURDIR)/.venv/home
endif

# A container is reached from outside; on any other computer only the computer itself is served.
# Without a screen a browser of the terminal would open, and it cannot show notebooks.
LAB_FLAGS ?= $(shell { test -f /.dockerenv || test -f /run/.containerenv; } && echo --ip=0.0.0.0) \
	$(shell test "$$(uname)" = Linux && test -z "$$DISPLAY$$WAYLAND_DISPLAY$$BROWSER" && echo --no-browser)

# .venv/installed holds the name of this folder. After the folder was moved, or the Python was removed, install again.
ifneq ($(shell $(VENV) -c '' 2>/dev/null && cat .venv/installed 2>/dev/null),$(CURDIR))
.PHONY: .venv/installed
endif

.PHONY: help lab test test-binder notebooks record bench requirements clean

help:
	@echo 'make lab           open the notebooks in JupyterLab (the first time it also installs)'
	@echo 'make test          run every test and every cell of every notebook'
	@echo 'make notebooks     run and clean the notebooks, collect the verdicts; make notebooks NAMES=02_convolution'
	@echo 'make record        run the trainings that are too long for a notebook'
	@echo 'make bench         measure how fast the sliders and the scratch code are'
	@echo 'make test-binder   install as mybinder.org does, and try it (takes minutes)'
	@echo 'make requirements  write requirements.txt anew; make requirements UPGRADE=--upgrade for newer versions'
	@echo 'make clean         remove .venv and everything else that was made here'

define make_venv
	@$(PIP) --version >/dev/null 2>&1 || { \
		python="$(PYTHON)"; \
		test -n "$$python" || { \
			echo 'No Python from 3.11 to 3.13 with venv and pip was found.' >&2; \
			echo 'Install one from python.org, or on Debian and Ubuntu: sudo apt-get install python3-venv' >&2; \
			echo 'If it has another name, say so: make lab PYTHON=/path/to/python' >&2; \
			exit 1; }; \
		"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
			echo "Python 3.11, 3.12 or 3.13 is needed; $$python is $$("$$python" --version 2>&1)." >&2; exit 1; }; \
		"$$python" -c 'import venv, ensurepip' 2>/dev/null || { \
			echo "$$python lacks venv. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }; \
		echo 'Installing into .venv. The first time this takes some minutes and needs 2.5 GB of disk.'; \
		"$$python" -m venv --clear .venv; }
endef

.venv/installed: requirements.txt pyproject.toml binder/postBuild
	$(make_venv)
	@$(PIP) install --quiet --requirement requirements.txt
	@$(VENV) binder/postBuild
	@# Matplotlib lists the fonts once; otherwise it would say so in the first notebook that is run.
	@$(VENV) -c 'import matplotlib.font_manager' 2>/dev/null
	@printf '%s\n' "$(CURDIR)" > .venv/installed

lab: .venv/installed
	@$(VENV) -m jupyterlab --allow-root --log-level=WARN $(LAB_FLAGS)

test: .venv/installed
	@$(VENV) -m ruff check --quiet --no-cache
	@$(VENV) -m ruff format --check --quiet --no-cache
	@# A file stays in one process, for its fixtures; in the order of the names, so that the longest, browser/, comes first.
	@$(VENV) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
	@$(VENV) -m pytest -n $(WORKERS) --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout=60 notebooks

test-binder: .venv/installed
	@$(VENV) -m pytest -m slow tests/test_binder.py

notebooks: .venv/installed
	@$(VENV) notebooks/build.py $(NAMES)

record: .venv/installed
	@for file in $$(grep -l __main__ helpers/recordings/*.py); do \
		name=$$(basename "$$file" .py); echo "$$name"; \
		$(VENV) -m "helpers.recordings.$$name" || exit 1; done

bench: .venv/installed
	@$(VENV) -m tests.benchmarks

# Versions that are already chosen stay, unless UPGRADE=--upgrade.
COMPILE = $(VENV) -m uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--no-emit-index-url --no-header --no-annotate $(UPGRADE)
HEADER = 'Exact versions, made by `make requirements` from the ranges in pyproject.toml.'

requirements:
	$(make_venv)
	@$(PIP) install --quiet 'uv>=0.9'
	@grep -v '^-e' requirements.txt > .venv/pins.txt
	@$(COMPILE) --extra test --output-file .venv/pins.txt
	@grep -v '^-e' binder/requirements.txt > .venv/binder-pins.txt
	@$(COMPILE) --extra binder --constraint .venv/pins.txt --output-file .venv/binder-pins.txt
	@{ echo "# "$(HEADER)' For the notebooks and their tests.'; cat .venv/pins.txt; echo '-e .'; } > .venv/requirements.txt
	@{ echo "# "$(HEADER)' For mybinder.org: the notebooks alone.'; cat .venv/binder-pins.txt; echo '-e .'; } > .venv/binder.txt
	@# Only if they differ: otherwise everything would be installed again.
	@cmp -s .venv/requirements.txt requirements.txt || cp .venv/requirements.txt requirements.txt
	@cmp -s .venv/binder.txt binder/requirements.txt || cp .venv/binder.txt binder/requirements.txt

clean:
	rm -rf .venv *.egg-info build dist .hypothesis .pytest_cache .ruff_cache .jupyter-server-log.txt
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -prune -exec rm -rf {} +
