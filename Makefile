# make run    installs what is missing, then serves the app at http://127.0.0.1:7860
# make test   the same set-up, then the tests
# PORT=7861 and HOST=0.0.0.0 choose where the app listens; PYTHON=python3.12 chooses the interpreter; MCP=1 adds an MCP server.
HOST ?= 127.0.0.1
PORT ?= 7860
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
ARGS ?=
NAMESPACE ?=
POSTERS ?= ../shared/data/posters
DATA ?= ../shared/data
MIDI ?= ../shared/data/midi
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --quiet --disable-pip-version-check
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)

# $(call debian,PACKAGES,WHY) installs those of the Debian packages that are missing, where apt may be used, or says why they matter.
define debian
missing=; for p in $(1); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
if [ -z "$$missing" ]; then :; \
elif command -v apt-get >/dev/null && $(or $(SUDO),env) true 2>/dev/null; then \
	echo "Installing$$missing ..."; \
	{ $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends $$missing; } >$(VENV)/apt.log 2>&1 || \
		echo "NOTE: apt-get could not install$$missing (see $(VENV)/apt.log). $(2)"; \
else echo "NOTE: not installed, for want of apt or the right to use it:$$missing. $(2)"; fi
endef

.PHONY: run setup setup-test test lint readme train-classifier train-words train-composer train-historical evaluate-classifier \
	evaluate-words evaluate-composer evaluate-historical train train-gpu evaluate bench fuzz soak lock publish clean
.DEFAULT_GOAL := run

run: setup $(if $(MCP),$(VENV)/.mcp)
	@GRADIO_SERVER_NAME=$(HOST) GRADIO_SERVER_PORT=$(PORT) $(if $(MCP),GRADIO_MCP_SERVER=True) $(PY) app.py

setup: $(VENV)/.installed
	@:

setup-test: $(VENV)/.installed-test
	@:

test: setup-test
	@$(PY) -m pytest $(ARGS)

lint: setup-test
	@$(PY) -m ruff check .

$(VENV)/.system: packages.txt
	@mkdir -p $(VENV)
	@$(call debian,$$(cat packages.txt),Sound then comes from a smaller synthesiser that pip installs.)
	@touch $@

$(PY):
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python3"; exit 1; }
	@mkdir -p $(VENV)
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(call debian,python3-venv,It is needed to go on.); }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt constraints.txt pyproject.toml | $(PY) $(VENV)/.system
	@echo "Installing the Python packages into $(VENV) (some minutes the first time) ..."
	@$(PIP) -c constraints.txt --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@$(PIP) -c constraints.txt --editable '.[dev]'
	@command -v chromium chromium-browser google-chrome >/dev/null || \
		{ $(call debian,chromium,The browser tests will be SKIPPED.); }
	@command -v npm >/dev/null && npm ci --prefix tests/js --silent --no-audit --no-fund --ignore-scripts || \
		echo "NOTE: no npm here, or it could not install tests/js. The JavaScript snippet will NOT BE TESTED."
	@touch $@

$(VENV)/.train: $(VENV)/.installed
	@$(PIP) -c constraints.txt --editable '.[train]'
	@touch $@

$(VENV)/.mcp: $(VENV)/.installed
	@$(PIP) -c constraints.txt --editable '.[mcp]'
	@touch $@

data/music.npz: | $(VENV)/.train
	@$(PY) -m train.music.prepare $(MIDI) $@

# See train/README.md. ARGS passes options on, for example: make train-composer MIDI=folder ARGS="--minutes 150"
train-classifier: $(VENV)/.train
	@$(PY) -m train.posters.train --source $(POSTERS) $(ARGS)

# words SPLIT of the posters as stored and at upload size: recognised, and their pictures read. Goes on where it stopped.
define witnesses
$(PY) -m train.posters.words_recognise $(DATA)/posters $(1) data/words/$(1).jsonl $(2)
$(PY) -m train.posters.words_recognise $(DATA)/posters_large $(1) data/words/$(1)_large.jsonl
$(PY) -m train.posters.words_pictures $(DATA)/posters $(1) data/words/$(1).jsonl data/words/$(1).pictures.jsonl
$(PY) -m train.posters.words_pictures $(DATA)/posters_large $(1) data/words/$(1)_large.jsonl data/words/$(1)_large.pictures.jsonl
endef

train-words: $(VENV)/.train
	@$(PY) -m train.posters.words_train $(DATA)/posters $(DATA)/words/words.jsonl.gz weights/words $(ARGS)
	$(call witnesses,val,--count 500)
	@$(PY) -m train.posters.words_combine $(DATA) data/words weights/words

evaluate-words: $(VENV)/.train
	$(call witnesses,test)
	@$(PY) -m train.posters.words_evaluate $(DATA) data/words weights/words $(ARGS)
	@$(PY) -m train.posters.words_card weights/words

train-composer: $(VENV)/.train data/music.npz
	@$(PY) -m train.music.train_planner data/music.npz runs/planner $(ARGS)
	@$(PY) -m train.music.train_writer data/music.npz runs/writer $(ARGS)
	@$(PY) -m train.music.package runs/writer runs/planner data/music.npz weights/composer

# The reference study's three stacks; a minute an epoch and more. ARGS="--windows 30000" bounds each of them.
train-historical: $(VENV)/.train
	@for stack in first second final; do $(PY) -m train.study.train $$stack $(MIDI) $(ARGS) || exit; done
	@mkdir -p weights/historical
	@cp runs/historical/final_comedy_6600/config.json runs/historical/final_comedy_6600/model.safetensors weights/historical

# Packs posters and pieces, learns all of it on one GPU, and makes the usual folders of what was learned; see docs/training.md.
RESULTS ?= runs/gpu-results
train-gpu: $(VENV)/.train
	@[ -f runs/pack/manifest.json ] || $(PY) -m train.pack runs/pack --posters $(POSTERS) --midi $(MIDI)
	@$(PY) -m train.on_gpu runs/pack $(RESULTS) $(ARGS)
	@$(PY) -m train.results $(RESULTS) runs/gpu

evaluate-historical: $(VENV)/.train
	@$(PY) -m train.study.evaluate weights/historical $(MIDI) $(ARGS)

evaluate-classifier: $(VENV)/.train
	@$(PY) -m train.posters.evaluate --source $(POSTERS) $(ARGS)
	@$(PY) -m train.posters.write_card weights/classifier

evaluate-composer: $(VENV)/.train data/music.npz
	@$(PY) -m train.music.evaluate weights/composer $(MIDI) $(ARGS)

train: train-classifier train-words train-composer
evaluate: evaluate-classifier evaluate-words evaluate-composer readme

readme: setup
	@$(PY) tools/fill_readme.py

# Thousands of mutated posters, controls, calls, MIDI and weights files; the short form runs with the tests. Writes tools/reports/fuzz.json.
fuzz: setup-test
	@POSTERBEAT_REPORT=1 POSTERBEAT_FUZZ=20 $(PY) -m pytest -q --timeout 3000 tests/test_fuzz.py

# Half an hour of mixed traffic, files kept for two minutes; the short form runs with the tests. Writes tools/reports/soak.json.
soak: setup-test
	@POSTERBEAT_REPORT=1 POSTERBEAT_KEPT=120 POSTERBEAT_SOAK=$(or $(SECONDS),1800) $(PY) -m pytest -q --timeout 3000 tests/test_load.py

bench: setup
	@$(PY) -m benchmarks $(ARGS)
	@$(PY) -m benchmarks.catalogue --least 1.7
	@$(PY) tools/fill_readme.py

# After a change of the requirements: requirements.lock anew, with the hash of every file. On Linux x86-64 with Python 3.11.
lock: setup
	@$(PY) .ci/lock.py

# Shows what would be sent; make publish NAMESPACE=you ARGS=--push sends it.
publish: setup
	@$(PY) -m train.publish --namespace "$(NAMESPACE)" $(ARGS)

clean:
	rm -rf $(VENV) build dist *.egg-info
