"""The OpenAPI 3.1 document of a node, built from the table of operations.

python -m haechi.node.openapi       writes docs/reference/openapi.json; run from the root of the repository
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import cast

import msgspec

from haechi import __version__
from haechi.network.card import NodeCard
from haechi.node.operations import OPERATIONS, PROBLEM_TYPE, Operation, Parameter
from haechi.node.pages.home import HomePage
from haechi.node.pages.issuer import IssuerPage
from haechi.node.pages.log import LogPage
from haechi.node.pages.peers import PeersPage
from haechi.node.pages.statement import SealedPage, StatementPage
from haechi.words import Text

PATH = Path("docs/reference/openapi.json")
REASONS = {
    400: Text("malformed, or refused by the registration policy", "형식 오류이거나 등록 정책이 거부함"),
    401: Text("the request is not signed as it must be", "요청에 올바른 서명이 없음"),
    403: Text(
        "not signed by the log's own keys, frozen, or asked by a node that is not listed",
        "로그 자신의 키로 서명되지 않았거나, 동결되었거나, 명단에 없는 노드의 요청임",
    ),
    404: Text("not here, or not for everybody", "여기에 없거나 모두에게 공개되지 않음"),
    408: Text("the body took too long", "본문이 너무 늦게 옴"),
    409: Text(
        "the log cannot go on: what is stored is not what this node wrote last (another writer, an older "
        "copy, damage); its operator must look",
        "로그가 나아갈 수 없음: 저장된 내용이 이 노드가 마지막으로 쓴 것과 다름(다른 기록자, 옛 사본, 손상). "
        "운영자의 확인이 필요함",
    ),
    413: Text("the body is too large", "본문이 너무 큼"),
    422: Text("it contradicts what was cosigned", "이미 공동 서명한 것과 모순됨"),
    429: Text("too many requests from this address", "이 주소에서 온 요청이 너무 많음"),
    503: Text(
        "stopping, overloaded, or the disk does not take it", "종료 중이거나 과부하이거나 디스크에 쓸 수 없음"
    ),
}
_MODELS = (NodeCard, HomePage, StatementPage, SealedPage, IssuerPage, LogPage, PeersPage)
_REF = "#/components/schemas/"
Json = dict[str, object]


@cache
def document() -> bytes:
    """The document as it is served and kept in docs/reference/openapi.json."""
    return (json.dumps(openapi(), ensure_ascii=False, indent=1) + "\n").encode()


def reason_of(operation: Operation, status: int) -> Text:
    """Why an operation answers with this status: its own reason, else the usual one."""
    return dict(operation.reasons).get(status) or REASONS[status]


def openapi() -> Json:
    """The document as plain values."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Haechi node",
            "version": __version__,
            "summary": "Evidence about AI, made once in one country, checked and counted in every other.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _schemas()},
    }


def _operation(operation: Operation) -> Json:
    described: Json = {
        "operationId": operation.name,
        "summary": operation.about.en,
        "x-summary-ko": operation.about.ko,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {operation.body: {"schema": {}}}}
    return described


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.about.en,
        "x-description-ko": parameter.about.ko,
        "schema": {"type": "string", "pattern": parameter.pattern},
        "example": parameter.example,
    }


def _responses(operation: Operation) -> Json:
    answer = operation.answer
    good: Json = {"description": answer.about.en, "x-description-ko": answer.about.ko}
    if answer.media_type is not None:
        schema: Json = {} if answer.schema is None else {"$ref": f"{_REF}{answer.schema}"}
        if (
            answer.schema == "StatementPage"
        ):  # what is not for everybody has a page that says only that it exists
            schema = {"oneOf": [schema, {"$ref": f"{_REF}SealedPage"}]}
        good["content"] = {answer.media_type: {"schema": schema}}
    if answer.location:
        good["headers"] = {
            "Location": {
                "description": "where the receipt can be had",
                "required": True,
                "schema": {"type": "string"},
            }
        }
    responses: Json = {str(answer.status): good}
    for status in sorted({*operation.refusals, 503, *((429,) if operation.limited else ())}):
        responses[str(status)] = _refusal(operation, status)
    return responses


def _refusal(operation: Operation, status: int) -> Json:
    reason = reason_of(operation, status)
    described: Json = {"description": reason.en, "x-description-ko": reason.ko}
    other = dict(operation.told).get(status)
    if operation.shows_problems:
        described["content"] = {other or PROBLEM_TYPE: {"schema": {}}}
    else:
        name = "Health" if operation.path == "/healthz" else "Error"
        described["content"] = {"application/json": {"schema": {"$ref": f"{_REF}{name}"}}}
    if status in (429, 503):
        seconds = {"description": "seconds to wait", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
        described["headers"] = {"Retry-After": seconds}
    return described


def _schemas() -> Json:
    _, models = msgspec.json.schema_components(_MODELS, ref_template=f"{_REF}{{name}}")
    schemas = cast("Json", models)
    text: Json = {"type": "string"}
    schemas["Health"] = _object(
        ok={"type": "boolean"},
        origin=text,
        sequencer={"type": "boolean"},
        size={"type": "integer", "minimum": 2},
        uptime_s={"type": "number", "minimum": 0},
    )
    schemas["Error"] = _object(code=text, message=text, hint=text, facts={"type": "object"})
    schemas["OpenApi"] = {"type": "object", "required": ["openapi", "info", "paths"]}
    return dict(sorted(schemas.items()))


def _object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


def main() -> None:
    """Write the document."""
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_bytes(document())
    sys.stdout.write(f"{PATH}\n")


if __name__ == "__main__":
    main()
