"""The reference page of the HTTP API, in both languages, made from the table of operations.

python -m haechi.node.reference     writes docs/reference/http*.md; run from the root of the repository
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from haechi.node.openapi import reason_of
from haechi.node.operations import API, MARKS, TWINS, Operation
from haechi.words import LANGS, Lang, Text

MADE = Text(
    "<!-- Made by `make docs`. Change src/haechi/node/operations.py, not this page. -->",
    "<!-- `make docs`가 만든 문서입니다. src/haechi/node/operations.py를 고치세요. -->",
)
OPENING = Text(
    "What programs can ask of a node. The same as an OpenAPI 3.1 document: [openapi.json](openapi.json), "
    "served at `/openapi.json`. Every answer carries the security headers; every request counts against the "
    "rate of its address (429 with `Retry-After`) and may meet a node that is stopping (503). HEAD is "
    "answered wherever GET is.",
    "프로그램이 노드에 요청할 수 있는 것입니다. 같은 내용이 OpenAPI 3.1 문서 [openapi.json](openapi.json)에 "
    "있으며, 노드는 `/openapi.json`으로 제공합니다. 모든 응답에 보안 헤더가 붙습니다. 모든 요청은 주소별 "
    "한도에 포함되고(초과하면 429와 `Retry-After`), 노드가 종료 중이면 503을 받습니다. "
    "GET이 되는 곳은 HEAD도 됩니다.",
)
PROBLEMS = Text(
    "Errors are concise problem details in CBOR (RFC 9290): `-1` is the stable code of the error (see "
    "[findings and errors](../findings.md)), `-2` a sentence and what to do.",
    "오류는 CBOR 형식의 간결한 문제 설명(RFC 9290)입니다. `-1`은 바뀌지 않는 오류 코드"
    "([점검 결과와 오류](../findings.ko.md)), `-2`는 설명과 할 일입니다.",
)
MARK_ERRORS = Text(
    "What a node finds in a file, and who signed for it. A look (`/marks/look`, `sound`, `film`, `text`) "
    "answers errors as `{code, message, hint, facts}` in JSON, the others as above.",
    "노드가 파일에서 찾은 것과 그에 서명한 이. 파일을 보는 요청(`/marks/look`, `sound`, `film`, `text`)의 "
    "오류는 JSON `{code, message, hint, facts}`, 나머지는 위와 같습니다.",
)
TWIN_ERRORS = Text(
    "Every page has a twin in JSON, with both languages in it. Errors are `{code, message, hint, facts}` in "
    "JSON, in the language of the path.",
    "모든 페이지에는 두 언어를 함께 담은 JSON 사본이 있습니다. 오류는 경로의 언어로 된 JSON "
    "`{code, message, hint, facts}`입니다.",
)


def page(lang: Lang) -> str:
    """docs/reference/http.md in `lang`: a heading for each operation."""
    lines = [
        f"# {Text('HTTP API', 'HTTP API 참조').say(lang)}",
        "",
        MADE.say(lang),
        "",
        OPENING.say(lang),
        "",
    ]
    lines += [f"## {Text('For programs', '프로그램용').say(lang)}", "", PROBLEMS.say(lang)]
    for operation in API:
        lines += ["", *_described(operation, lang)]
    lines += ["", f"## {Text('Marks', '표시').say(lang)}", "", MARK_ERRORS.say(lang)]
    for operation in MARKS:
        lines += ["", *_described(operation, lang)]
    lines += [
        "",
        f"## {Text('Twins of the pages', '페이지의 JSON 사본').say(lang)}",
        "",
        TWIN_ERRORS.say(lang),
    ]
    for operation in TWINS:
        lines += ["", *_described(operation, lang)]
    return "\n".join(lines) + "\n"


def heading(operation: Operation) -> str:
    """The heading of an operation."""
    return f"### `{operation.method} {operation.path}`"


def _described(operation: Operation, lang: Lang) -> Iterator[str]:
    answer = operation.answer
    yield heading(operation)
    yield ""
    yield operation.about.say(lang)
    yield ""
    if operation.parameters or operation.body:
        yield Text("| takes | |\n|---|---|", "| 입력 | |\n|---|---|").say(lang)
        for parameter in operation.parameters:
            mark = "?" if parameter.place == "query" else ""
            yield f"| `{mark}{parameter.name}` | {parameter.about.say(lang)} |"
        if operation.body:
            yield f"| {Text('body', '본문').say(lang)} | `{operation.body}` |"
        yield ""
    yield Text("| answers | |\n|---|---|", "| 응답 | |\n|---|---|").say(lang)
    media = f" (`{answer.media_type}`)" if answer.media_type else ""
    yield f"| {answer.status} | {answer.about.say(lang)}{media} |"
    for status in operation.refusals:
        yield f"| {status} | {reason_of(operation, status).say(lang)} |"


def write(folder: Path) -> list[Path]:
    """Write the pages below `folder` (the root of the repository); what was written."""
    written: list[Path] = []
    for lang in LANGS:
        path = folder / f"docs/reference/http{'' if lang == 'en' else f'.{lang}'}.md"
        path.write_text(page(lang), "utf-8")
        written.append(path)
    return written


def main() -> None:
    """Write every page."""
    for path in write(Path()):
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
