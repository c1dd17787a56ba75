# Two commands do everything: `make serve` and `make test`. Both make the environment they need.
PYTHON ?= python3
# What is imported is compiled once and kept; to compile all that is installed takes a minute.
unexport PYTHONDONTWRITEBYTECODE
VENV ?= .venv
BIN := $(VENV)/bin
# Ray is large, and only these two commands need it: an environment of its own.
RAY_VENV ?= .venv-ray
RAY_BIN := $(RAY_VENV)/bin

UV_VERSION := 0.13.9

# A file of tests has one process, in the order of their names: those of one server stay together.
# Five, whatever the cores: many tests wait, and each process keeps 1 to 2 GB of networks.
SIDE_BY_SIDE := --numprocesses 5 --dist loadfile --no-loadscope-reorder

.PHONY: serve serve-ray test lint unit slow image-test ray-test stress format manifests requirements upgrade clean

serve: $(VENV)/.runtime
	$(BIN)/python -m app serve

# On this machine what `serve deploy` gives to a cluster, with the same file: docs/ray.md.
serve-ray: $(RAY_VENV)/.runtime
	$(RAY_BIN)/python -m app serve --ray deploy/ray/serve.yaml

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

# What takes long, with all the photos there are, and the workshop from end to end.
slow: $(VENV)/.development
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m slow

# Minutes: the image, built by its Dockerfile on a stand-in for its base, and run under limits.
# As root on Debian, with `apt-get install buildah debootstrap runc`.
image-test: $(VENV)/.development
	$(BIN)/python -m pytest -m image -s tests/deploy/image

# Minutes: clusters of Ray on this machine, one after the other. Those with requests need haproxy.
ray-test: $(RAY_VENV)/.development
	$(RAY_BIN)/python -m pytest -m ray tests/cluster

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
	$(COMPILE) requirements-ray.in --constraint requirements-dev.txt --output-file requirements-ray.txt

upgrade: UPGRADE := --upgrade
upgrade: requirements

clean:
	rm -rf $(VENV) $(RAY_VENV) .mypy_cache .pytest_cache .ruff_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.uv: | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	touch $@

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	touch $@

$(VENV)/.development: requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-compile --requirement requirements-dev.txt
	touch $@ $(VENV)/.runtime

$(RAY_VENV)/bin/python:
	$(PYTHON) -m venv $(RAY_VENV)

$(RAY_VENV)/.runtime: requirements-ray.txt | $(RAY_VENV)/bin/python
	$(RAY_BIN)/python -m pip install --quiet --requirement requirements-ray.txt
	touch $@

$(RAY_VENV)/.development: requirements-dev.txt requirements-ray.txt | $(RAY_VENV)/bin/python
	$(RAY_BIN)/python -m pip install --quiet --requirement requirements-dev.txt \
		--requirement requirements-ray.txt
	touch $@ $(RAY_VENV)/.runtime
