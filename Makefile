# Two commands do everything: `make serve` and `make test`. Both make the environment they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

UV_VERSION := 0.13.9

# A file of tests has one process, in the order of their names: those of one server stay together.
# Four, whatever the cores: many tests wait, and each process keeps 1 to 2 GB of networks.
SIDE_BY_SIDE := --numprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: serve test lint unit slow image-test stress format manifests requirements upgrade clean

serve: $(VENV)/.runtime
	$(BIN)/python -m app serve

# Side by side: types are checked on one core, and many tests wait.
test: $(VENV)/.development
	$(MAKE) --jobs 2 lint unit

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

unit: $(VENV)/.development
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

# What takes tens of seconds each, with all the photos there are.
slow: $(VENV)/.development
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m slow

# Minutes: the image, built by its Dockerfile on a stand-in for its base, and run under limits.
# As root on Debian, with `apt-get install buildah debootstrap runc`.
image-test: $(VENV)/.development
	$(BIN)/python -m pytest -m image -s tests/deploy/image

# Hours: the suite ten times in random order on busy cores, and once on one core.
stress: $(VENV)/.development
	$(BIN)/python -m tests.stress

format: $(VENV)/.development
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The alerts once more, as the Prometheus operator wants them.
RULES := deploy/kubernetes/monitoring/prometheusrule.yaml
manifests:
	{ sed '/^spec:/q' $(RULES); sed 's/^./  &/' deploy/prometheus/alerts.yml; } > $(RULES).new
	mv $(RULES).new $(RULES)

# Pins of all that is installed, for every platform and Python from 3.11 on. `requirements` adds what
# a requirements*.in names anew and keeps the other pins; `upgrade` takes the newest versions.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 $(UPGRADE) \
	--annotation-style line --custom-compile-command "make requirements"

requirements: $(VENV)/.uv
	$(COMPILE) requirements.in --output-file requirements.txt
	$(COMPILE) requirements-gpu.in --constraint requirements.txt --output-file requirements-gpu.txt
	$(COMPILE) requirements-eval.in --constraint requirements.txt --output-file requirements-eval.txt
	$(COMPILE) requirements-dev.in --constraint requirements-eval.txt --output-file requirements-dev.txt

upgrade: UPGRADE := --upgrade
upgrade: requirements

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.uv: | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	touch $@

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	touch $@

$(VENV)/.development: requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	touch $@ $(VENV)/.runtime
