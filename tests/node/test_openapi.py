"""The description of the API: equal to the real routes, kept in the docs, and true of a running node."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.routing import Route
from tests.network.parties import FILE, evidence
from tests.network.trust.ceremonies import begun
from tests.network.trust.lists import LISTED
from tests.node.house import ORIGIN, House, numbered
from tests.node.processes import running

from haechi.cli.processes import NodeProcess
from haechi.network.trust import package
from haechi.node.api import Api
from haechi.node.marks import Marks
from haechi.node.openapi import PATH, document, openapi
from haechi.node.operations import API, MARKS, OPERATIONS, Operation
from haechi.node.reference import heading, page
from haechi.node.shared_api import SharedApi
from haechi.words import LANGS, Lang

ROOT = Path(__file__).resolve().parents[2]
STATEMENTS = st.binary(max_size=200) | st.sampled_from([numbered(0).raw, numbered(0).raw[:-1], b"\xd2\x84"])
schemathesis.openapi.media_type("application/cose", STATEMENTS)
schemathesis.openapi.media_type("application/octet-stream", st.binary(max_size=200))
schemathesis.openapi.media_type("application/timestamp-query", st.binary(max_size=200))
schemathesis.openapi.media_type("text/plain", st.binary(max_size=200))
SCHEMA = schemathesis.openapi.from_dict(openapi())


def routes_of(house: House) -> list[Route]:
    return [*Api(house.runner).routes(), *SharedApi(house.runner).routes(), *Marks(house.runner).routes()]


def real_routes(house: House) -> set[tuple[str, str]]:
    """Template and method of every route; HEAD is answered wherever GET is."""
    routes = routes_of(house)
    return {(route.path, method) for route in routes for method in route.methods or () if method != "HEAD"}


def test_the_table_is_that_of_the_real_routes(house: House):
    assert {(operation.template, operation.method) for operation in [*API, *MARKS]} == real_routes(house)


@pytest.mark.parametrize("operation", [*API, *MARKS], ids=lambda operation: operation.name)
def test_each_operation_leads_to_its_route(house: House, operation: Operation):
    path = re.sub(r"\{(\w+)\}", lambda found: example_of(operation, found[1]), operation.path)
    routes = [route for route in routes_of(house) if matches(route, path)]
    assert routes[0].path == operation.template


def example_of(operation: Operation, name: str) -> str:
    return next(parameter.example for parameter in operation.parameters if parameter.name == name)


def matches(route: Route, path: str) -> bool:
    return route.path_regex.match(path) is not None


@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda operation: f"{operation.method} {operation.path}"
)
def test_examples_have_the_form_they_are_to_have(operation: Operation):
    assert all(re.search(each.pattern, each.example) for each in operation.parameters)
    assert {each.name for each in operation.parameters if each.place == "path"} == set(
        re.findall(r"\{(\w+)\}", operation.path)
    )


def test_names_of_operations_are_distinct():
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_the_document_is_served_and_kept_in_the_docs(house: House):
    assert house.ask("GET", "/openapi.json").body == document()
    assert (ROOT / PATH).read_bytes() == document(), "run `make docs`"


@pytest.mark.parametrize("lang", LANGS)
def test_the_reference_page_has_a_heading_for_each_operation(lang: Lang):
    text = (ROOT / f"docs/reference/http{'' if lang == 'en' else '.ko'}.md").read_text("utf-8")
    assert text == page(lang), "run `make docs`"
    assert [line for line in text.splitlines() if line.startswith("### ")] == [
        heading(operation) for operation in OPERATIONS
    ]


def test_schemas_are_schemas():
    schemas: dict[str, Any] = json.loads(document())["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


# Against a running node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A running node that knows a statement and its file."""
    with running(tmp_path_factory.mktemp("described") / "node") as node:
        with node.client() as client:
            client.post("/entries", numbered(0).raw, "application/cose")
            path = tmp_path_factory.mktemp("files") / "run.csv"
            path.write_bytes(FILE)
            client.put_file(f"/blobs/{evidence().digest.hex()}", path)
            client.fetch(f"/bundles/{numbered(0).digest_hex}", 1 << 20)
        package.save(node.folder / "trust.json", begun().publish(LISTED).held)
        yield node


ABSENT = ("/mirrors/{mirror}", "/equivocations")
KNOWN = {
    "digest": numbered(0).digest_hex,
    "kid": "",
    "tile": "0/000.p/3",
    "lang": "ko",
    "issuer": "aisi.kr.example",
    "file": "timestamp.json",
    "payload": "0123456789abcdef",
    "mirror": "0" * 64,
    "log": hashlib.sha256(ORIGIN.encode()).hexdigest(),
}


LOOK = pytest.mark.slow  # loads what looks at pictures, sounds and films


def is_look(operation: Operation) -> bool:
    return operation.path.startswith("/marks/") and operation.body not in (None, "application/json")


def operation_of(operation: Operation) -> Any:  # noqa: ANN401  # schemathesis' own type is not public
    return SCHEMA[operation.path][operation.method]


@pytest.mark.e2e
@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.method == "GET"], ids=lambda operation: operation.name
)
def test_what_is_there_is_answered_as_described(node: NodeProcess, operation: Operation):
    known = KNOWN | {"kid": node.card.receipt_public_keys()[0].thumbprint.hex()}
    if operation.path.startswith("/blobs"):
        known["digest"] = evidence().digest.hex()
    if "entries" in operation.path or "statements/{tile}" in operation.path:
        known["tile"] = "000.p/3"
    case = operation_of(operation).Case(
        path_parameters={each.name: known[each.name] for each in operation.parameters if each.place == "path"}
    )
    response = case.call(base_url=node.url)
    case.validate_response(response)
    expected = (
        401 if operation.path.startswith("/shared") else 404 if operation.path.startswith(ABSENT) else 200
    )
    assert response.status_code == expected, response.content


@pytest.mark.e2e
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
@pytest.mark.parametrize(
    "operation",
    [pytest.param(each, marks=LOOK) if is_look(each) else each for each in OPERATIONS],
    ids=lambda operation: operation.name,
)
def test_whatever_is_asked_is_answered_as_described(
    node: NodeProcess, operation: Operation, mode: GenerationMode
):
    if mode is GenerationMode.NEGATIVE and not operation.parameters:
        pytest.skip("takes nothing that could be wrong")
    strategy = operation_of(operation).as_strategy(generation_mode=mode)

    @settings(
        max_examples=12,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    )
    @given(case=strategy)
    def ask(case: Case) -> None:
        response = case.call(base_url=node.url, timeout=60)  # the first look loads its libraries
        # What a body must be is more than its media type can say, so most bodies are refused.
        case.validate_response(response, excluded_checks=[positive_data_acceptance])

    ask()
