# Two commands matter: `make app` opens the program, `make test` runs every test.
# Both set up .venv first and are quick when nothing changed.
.DEFAULT_GOAL := help
PY := .venv/bin/python
SCREEN := $(if $(DISPLAY)$(WAYLAND_DISPLAY),,xvfb-run -a -s "-screen 0 1920x1080x24")

.PHONY: help app test check model-check format bench docs wheel clean setup setup-display

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup:
	@PYTHON=$(PYTHON) bash scripts/setup.sh
setup-display:
	@PYTHON=$(PYTHON) bash scripts/setup.sh --display

app: setup-display ## Open napari with the plugin on a sample frame (without a display: a scripted tour)
ifeq ($(DISPLAY)$(WAYLAND_DISPLAY),)
	@echo "No display: running the scripted tour; its screenshots go to build/screens/"
	@$(SCREEN) $(PY) scripts/tour.py --screens build/screens
else
	@$(PY) -m napari_mae_sam2 open
endif

test: export OMP_WAIT_POLICY ?= PASSIVE
test: setup-display ## Run every test
	@$(SCREEN) $(PY) -m pytest $(ARGS)

check: setup ## Lint, types, import rules, manifest, wheel contents
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports
	@$(PY) -m npe2 validate --imports napari_mae_sam2
	@rm -rf build/wheel
	@$(PY) -m build --wheel --no-isolation --outdir build/wheel . >/dev/null
	@.venv/bin/check-wheel-contents build/wheel

DATA ?= ../shared/data
model-check: setup ## Measure the packaged model on real outlined leakage (DATA=folder of huapu4_FFA)
	@OMP_WAIT_POLICY=PASSIVE $(PY) scripts/check_model.py $(DATA)

format: setup ## Sort imports and format
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: setup-display ## Measure speed and memory
	@$(SCREEN) $(PY) benchmarks/run.py $(ARGS)

docs: setup-display ## Draw the pictures of the documentation anew
	@$(SCREEN) $(PY) scripts/tour.py --screens build/screens --docs docs/images

wheel: setup ## Build the wheel into dist/
	@$(PY) -m build --wheel --no-isolation --outdir dist .

clean: ## Remove what was built, not the environment
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache
