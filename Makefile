# Every target sets up what it needs (tools/bootstrap.py), from hashed locks, and only when they changed.

PYTHON ?= $(shell command -v python3 || echo 'uv run --no-project python')
BOOTSTRAP = @$(PYTHON) tools/bootstrap.py
BIN = .venv/bin
BENCHMARKS = $(filter-out mark_%,$(sort $(notdir $(basename $(wildcard benchmarks/[a-z]*.py)))))
# Modules that write pages of docs/ from the program itself.
GENERATORS = $(subst /,.,$(patsubst src/%.py,%,$(wildcard src/haechi/*/reference.py src/haechi/node/openapi.py)))
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate $(if $(UPGRADE),--upgrade) pyproject.toml --group build

# Every command the tests and the demonstration start is a process of its own: without kept bytecode each compiles all it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test slow postgres load check format docs bench bench-mark lock clean

help:
	@echo 'make demo     a network of nodes on this machine; ONCE=1 ends by itself   데모 네트워크 실행'
	@echo 'make test     the fast tests; ARGS="-k merkle" picks                     빠른 시험'
	@echo 'make slow     the slow tests: crashes, floods, long random runs          느린 시험'
	@echo 'make load     two fronts under half their maximum, 30 minutes; SECONDS=120    부하 시험'
	@echo 'make check    lint, format, types, layers                                정적 검사'
	@echo 'make format   put the code into the shape that check wants               코드 정리'
	@echo 'make docs     make the reference pages again from the program            참조 문서 다시 만들기'
	@echo 'make bench    measure against peers; ONLY=proofs picks one               성능 측정'
	@echo 'make bench-mark  measure the marks against peers (long)                    표시 성능 측정'
	@echo 'make lock     resolve the locks again; UPGRADE=1 takes newer versions    잠금 파일 갱신'
	@echo 'make clean    remove environments and caches                             환경과 캐시 삭제'

demo:
	$(BOOTSTRAP) demo
	@$(BIN)/haechi demo $(if $(ONCE),--once) $(ARGS)

test:
	$(BOOTSTRAP) test
	@$(BIN)/pytest -n auto --dist worksteal $(ARGS)

# The node's tests once more, with every log in PostgreSQL.
postgres:
	$(BOOTSTRAP) test
	@HAECHI_TEST_LOG=postgresql $(BIN)/pytest -m "not bench" tests/node $(ARGS)

slow:
	$(BOOTSTRAP) test
	@$(BIN)/pytest -m "slow and not bench" --hypothesis-profile=slow $(ARGS)
	@$(MAKE) --no-print-directory postgres

load:
	$(BOOTSTRAP) test
	@HAECHI_LOAD_SECONDS=$(or $(SECONDS),1800) $(BIN)/pytest -m slow -s tests/node/test_load.py $(ARGS)

check:
	$(BOOTSTRAP) check
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet || { echo 'not formatted: make format'; exit 1; }
	@$(BIN)/lint-imports --no-logo
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

format:
	$(BOOTSTRAP) check
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format --quiet

docs:
	$(BOOTSTRAP) test
	@for each in $(GENERATORS); do $(BIN)/python -m $$each || exit; done

bench:
	$(BOOTSTRAP) bench
	@for each in $(or $(ONLY),$(BENCHMARKS)); do .venv-bench/bin/python -m benchmarks.$$each $(ARGS) || exit; done

bench-mark:
	$(BOOTSTRAP) bench
	@.venv-bench/bin/python -m benchmarks.mark_image $(ARGS)
	@.venv-bench/bin/python -m benchmarks.mark_null
	@.venv-bench/bin/python -m benchmarks.mark_scale
	@.venv-bench/bin/python -m benchmarks.mark_layers
	@.venv-bench/bin/python -m benchmarks.mark_audio
	@.venv-bench/bin/python -m benchmarks.mark_video
	@.venv-bench/bin/python -m benchmarks.mark_text

lock:
	$(BOOTSTRAP) check
	$(COMPILE) -o requirements/lock.txt
	$(COMPILE) --extra mark -c requirements/lock.txt -o requirements/demo.txt
	$(COMPILE) --extra mark --extra ray --extra hsm --extra cluster --group test -c requirements/demo.txt -o requirements/test.txt
	$(COMPILE) --extra mark --extra ray --extra hsm --extra cluster --group test --group dev -c requirements/test.txt -o requirements/check.txt
	$(COMPILE) --extra mark --extra cluster --group bench -c requirements/demo.txt -o requirements/bench.txt

clean:
	rm -rf .venv .venv-bench .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist build
	find src tests tools benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
