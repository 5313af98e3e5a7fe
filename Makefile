# One command for each thing a person does here; `make` alone prints them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
N ?= 200
export UV_PYTHON_DOWNLOADS := never
.PHONY: help demo test check run bench chaos up down docs format setup

help: ## print this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: setup ## the main job on a private stack, every result checked (N=200)
	$(PY) -m infra.demo $(N)

test: setup ## all tests, live ones on real servers included
	$(PY) -m pytest

check: setup ## format, lint, types, import rules, generated docs, deployment files
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m infra.docs --check
	$(PY) -m infra.deploy_check

run: setup ## the same stack, left running; prints its URLs and a token for each role
	$(PY) -m infra.local.run

bench: setup ## measure; prints a table, writes build/bench.json
	$(PY) -m infra.bench

chaos: setup ## inject faults; prints a table, writes build/chaos.json
	$(PY) -m infra.chaos

up: ## the production-like stack in containers (needs docker compose and .env)
	docker compose up --build --detach --wait

down: ## stop the containers
	docker compose down

docs: setup ## write the generated documents anew
	$(PY) -m infra.docs

format: setup ## format and mend what can be mended
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

setup: .venv/.synced

.venv/.synced: pyproject.toml uv.lock infra/setup.sh
	@bash infra/setup.sh
	@touch $@
