"""The reference of kinds, made from the registry: fields, limits, an example and a JSON Schema for each.

    python -m haechi.statement.reference [FOLDER]     writes kinds.md, kinds.ko.md and schemas/

FOLDER is docs/reference unless given. A test holds the pages equal to the code.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

from msgspec import NODEFAULT, inspect

from haechi.facts import load
from haechi.statement.claims import AnyKind, Said, convert_claim, kind_names, kind_of
from haechi.statement.envelope import content_type_of
from haechi.statement.jsonform import claim_json, from_json, json_schema
from haechi.words import LANGS, Lang, Text

FOLDER = Path("docs/reference")

_OPENING = Text(
    """\
# Kinds of statements

<!-- Made by `python -m haechi.statement.reference`. Change src/haechi/statement/kinds/, not this page. -->

A payload is a map with the fields below, in deterministic CBOR. A field that is not required is left out when
it has its default, so every claim has one encoding. No other field is taken. Texts hold no control characters
but line breaks, and those only in a *text of lines*. [Statement format](statement-format.md) says the rest.

In JSON, a byte string of 32 bytes is `"sha256:<64 hex>"`, any other `"hex:<hex>"`; a text that happens to
look like one of these gets `text:` in front.
""",
    """\
# 진술의 종류

<!-- `python -m haechi.statement.reference`가 만든 문서입니다. src/haechi/statement/kinds/를 고치세요. -->

페이로드는 아래 항목을 담은 결정적 CBOR 맵입니다. 필수가 아닌 항목은 기본값이면 생략하므로, 한 주장의
인코딩은 하나뿐입니다. 다른 항목은 받지 않습니다. 문자열에는 줄바꿈 말고는 제어 문자를 둘 수 없고, 줄바꿈은
*여러 줄 문자열*에만 둘 수 있습니다. 나머지는 [진술 형식](statement-format.ko.md)에 있습니다.

JSON에서는 32바이트열을 `"sha256:<16진수 64자>"`, 다른 바이트열을 `"hex:<16진수>"`로 씁니다. 이와 같은
모양의 문자열 앞에는 `text:`를 붙입니다.
""",
)
_COLUMNS = Text(
    "| field | title | 제목 | required | form |\n|---|---|---|---|---|",
    "| 항목 | title | 제목 | 필수 | 형식 |\n|---|---|---|---|---|",
)


class Field(NamedTuple):
    """One field of a payload. path: dotted, `[]` for the items of a list; form: what it may hold."""

    path: str
    title: Text
    required: bool
    form: Text


def fields_of(kind: AnyKind) -> list[Field]:
    """Every field of a kind's payload, those of nested maps after the field that holds them."""
    return list(_fields(inspect.type_info(kind.payload), ""))


def kinds_page(lang: Lang) -> str:
    """docs/reference/kinds.md, or kinds.ko.md."""
    kinds = [kind_of(name) for name in kind_names()]
    lines = [
        _OPENING.say(lang),
        Text("| kind | title | 제목 |", "| 종류 | title | 제목 |").say(lang),
        "|---|---|---|",
    ]
    lines += [f"| [`{kind.name}`](#{kind.name}) | {kind.title.en} | {kind.title.ko} |" for kind in kinds]
    for kind in kinds:
        lines += ["", *_section(kind, lang)]
    return "\n".join(lines) + "\n"


def schema_text(kind: AnyKind) -> str:
    """docs/reference/schemas/<kind>.json."""
    return json.dumps(json_schema(kind), ensure_ascii=False, indent=2) + "\n"


def pages() -> dict[str, str]:
    """Every page by its path below docs/reference."""
    made = {"kinds.md" if lang == "en" else f"kinds.{lang}.md": kinds_page(lang) for lang in LANGS}
    return made | {f"schemas/{name}.json": schema_text(kind_of(name)) for name in kind_names()}


def _section(kind: AnyKind, lang: Lang) -> Iterator[str]:
    example = claim_json(kind.example())
    convert_claim(kind, from_json(example), load())  # an example that is refused is never printed
    yield f"## {kind.name}"
    yield ""
    yield f"**{kind.title.say(lang)}.** {kind.about.say(lang)}"
    yield ""
    yield f"`{content_type_of(kind.name)}` · [JSON Schema](schemas/{kind.name}.json)"
    yield ""
    yield _COLUMNS.say(lang)
    for field in fields_of(kind):
        required = Text("yes", "예").say(lang) if field.required else ""
        title, form = field.title, field.form.say(lang)
        yield f"| `{field.path}` | {title.en} | {title.ko} | {required} | {form} |"
    yield ""
    yield "```json"
    yield json.dumps(example, ensure_ascii=False, indent=2)
    yield "```"


def _fields(struct: inspect.Type, before: str) -> Iterator[Field]:
    if not isinstance(struct, inspect.StructType):
        return
    for field in struct.fields:
        bare, title = _untitled(field.type)
        inner = _unoptional(bare)
        path = before + field.encode_name
        required = field.default is NODEFAULT and field.default_factory is NODEFAULT
        yield Field(path, title, required, _form(inner))
        if isinstance(inner, inspect.VarTupleType):
            yield from _fields(_untitled(inner.item_type)[0], f"{path}[].")
        else:
            yield from _fields(inner, f"{path}.")


def _untitled(type_: inspect.Type) -> tuple[inspect.Type, Text]:
    about: dict[str, str] = {}
    if isinstance(type_, inspect.Metadata):
        about = cast("dict[str, str]", type_.extra_json_schema or {})  # pyright: ignore[reportUnknownMemberType]
        type_ = _untitled(type_.type)[0]
    return type_, Text(about.get("title", ""), about.get("x-title-ko", ""))


def _unoptional(type_: inspect.Type) -> inspect.Type:
    if not isinstance(type_, inspect.UnionType):
        return type_
    others = [each for each in type_.types if not isinstance(each, inspect.NoneType)]
    return _untitled(others[0])[0]


def _form(type_: inspect.Type) -> Text:
    match type_:
        case inspect.StrType(least, most, pattern):
            span = _span(least, most)
            if pattern is None:
                return Text(f"text of lines, {span.en} characters", f"여러 줄 문자열, {span.ko}자")
            return Text(f"text, {span.en} characters", f"문자열, {span.ko}자")
        case inspect.BytesType(least, most):
            span = _span(least, most)
            return Text(f"{span.en} bytes", f"{span.ko}바이트")
        case inspect.IntType(_, least, below, most):
            span = _span(least, most if below is None else below - 1)
            return Text(f"whole number, {span.en}", f"정수, {span.ko}")
        case inspect.FloatType(above, _, below, _):
            bounds = [
                f"> {above:g}" if above is not None else "",
                f"< {below:g}" if below is not None else "",
            ]
            shown = "".join(f", {bound}" for bound in bounds if bound)
            return Text(f"number{shown}", f"수{shown}")
        case inspect.BoolType():
            return Text("`true` or `false`", "`true` 또는 `false`")
        case inspect.DateType():
            return Text("date, `YYYY-MM-DD`", "날짜, `YYYY-MM-DD`")
        case inspect.DateTimeType():
            return Text(
                "moment, RFC 3339 with time zone, UTC as `Z`", "일시, 시간대 있는 RFC 3339, UTC는 `Z`"
            )
        case inspect.LiteralType(values):
            listed = ", ".join(f"`{value}`" for value in values)
            return Text(f"one of {listed}", f"{listed} 중 하나")
        case inspect.VarTupleType(item_type, least, most):
            span, item = _span(least, most), _form(_untitled(item_type)[0])
            return Text(f"list of {span.en}: {item.en}", f"목록 {span.ko}개: {item.ko}")
        case _ if isinstance(type_, inspect.StructType) and type_.cls is Said:
            return Text("words in one language at least", "한 언어 이상의 글")
        case _:
            return Text("map", "맵")


def _span(least: float | None, most: float | None) -> Text:
    if least == most:
        return Text(str(least), str(least))
    low = least or 0
    if most is None:
        return Text(f"{low} or more", f"{low} 이상")
    return Text(f"{low} to {most}", f"{low}~{most}")


def main(folder: Path = FOLDER) -> None:
    """Write every page below `folder` and remove schemas of kinds that are no more."""
    made = pages()
    (folder / "schemas").mkdir(parents=True, exist_ok=True)
    for path, text in made.items():
        (folder / path).write_text(text, "utf-8")
    for schema in (folder / "schemas").glob("*.json"):
        if f"schemas/{schema.name}" not in made:
            schema.unlink()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
