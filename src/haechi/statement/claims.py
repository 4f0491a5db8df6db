"""Typed payloads and the registry of kinds.

    BadInput
    ├── ClaimMalformed    the payload does not have the shape its kind asks for
    └── UnknownKind       no such kind here; the nearest right names are listed

A kind is one module in `haechi.statement.kinds` that defines `KIND`; nothing else has to be touched to add
one. Payloads are deterministic CBOR maps with the field names of the struct; every claim has exactly one
encoding, so equal claims have equal digests.
"""

import hashlib
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec

from haechi.errors import BadInput, UnknownName
from haechi.facts import Facts
from haechi.findings import Finding, Verdict, declare, found
from haechi.misfit import misfit_of
from haechi.statement import cbor
from haechi.statement.envelope import MAX_STATEMENT_BYTES, Statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.header import content_type_of
from haechi.statement.sentence import Sentence, reason_of
from haechi.words import LANGS, Lang, Text

# Control characters and their like never leave the CBOR decoder; these say which texts are one line.
# `$` would let a final newline through.
Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=r"^(?![\s\S]*\n)")]
Issuer = Annotated[str, msgspec.Meta(min_length=1, max_length=512, pattern=r"^[!-~]+(?![\s\S])")]
Prose = Annotated[str, msgspec.Meta(min_length=1, max_length=8000)]
CountryCode = Annotated[str, msgspec.Meta(min_length=2, max_length=2, pattern="^[A-Z]{2}$")]
Scope = Literal["statement", "checkpoint", "receipt", "witness", "mirror", "http", "encryption"]

declare(
    "statement.claim",
    Text("Claim has the form of its kind", "주장이 종류의 형식에 맞음"),
    {
        "valid": (Verdict.HOLDS, Text("a well-formed {kind}", "형식에 맞는 {kind}")),
        "invalid": (Verdict.FAILS, Sentence("not a valid {kind}: {why}", "올바른 {kind}이(가) 아님: {why}")),
        "withheld": (
            Verdict.UNDECIDED,
            Text(
                "only the digest of the content is signed; the content is not at hand",
                "내용의 다이제스트만 서명됨. 내용은 여기에 없음",
            ),
        ),
        "beside": (
            Verdict.UNDECIDED,
            Text(
                "only the digest of the content is signed; the content is a file that came along, and is not "
                "read as a {kind}",
                "내용의 다이제스트만 서명됨. 내용은 함께 온 파일이며, {kind}(으)로 읽지는 않음",
            ),
        ),
        "encrypted": (
            Verdict.UNDECIDED,
            Text(
                "encrypted for named recipients; `haechi open` reads it with a recipient's key",
                "지정된 받는 이를 위해 암호화됨. 받는 이의 키로 `haechi open` 하면 읽을 수 있음",
            ),
        ),
        "kind-unknown": (
            Verdict.UNDECIDED,
            Text("this version does not know the kind {kind}", "이 판은 {kind} 종류를 알지 못함"),
        ),
    },
)


WITHHELD = {False: "statement.claim.withheld", True: "statement.claim.encrypted"}
"""The code for a claim that is not at hand, by whether it is encrypted."""


class ClaimMalformed(BadInput):
    """A payload that its kind refuses; facts: kind, why (a Text, or words that need no translation)."""

    code = "statement.claim"
    what = Sentence("not a valid {kind}: {why}", "올바른 {kind}이(가) 아닙니다: {why}")
    hint = Text(
        "see `haechi sign --schema {kind}` for the fields",
        "필드는 `haechi sign --schema {kind}` 로 확인하세요",
    )


class UnknownKind(UnknownName):
    """No kind of this name; facts: field, got, nearest."""

    code = "statement.kind-unknown"


def titled(en: str, ko: str) -> msgspec.Meta:
    """What a field is called in the reference and in the JSON Schema, in both languages."""
    return msgspec.Meta(title=en, extra_json_schema={"x-title-ko": ko})


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of every payload: immutable, named fields only, nothing unknown taken."""


class Said(Claim, frozen=True, kw_only=True):
    """Words of the issuer in the languages the issuer wrote them; never translated by a machine."""

    en: Annotated[Prose | None, titled("In English", "영어")] = None
    ko: Annotated[Prose | None, titled("In Korean", "한국어")] = None

    def lines(self) -> list[tuple[Lang, str]]:
        """What was said, per language that was given."""
        return [(lang, text) for lang in LANGS if (text := getattr(self, lang)) is not None]

    def require(self, kind: str, where: str) -> None:
        """Raise ClaimMalformed unless at least one language was given; `where` names the field."""
        if self.en is None and self.ko is None:
            raise ClaimMalformed(
                kind=kind,
                why=Text(f"{where} says nothing in either language", f"{where}에 어느 언어로도 내용이 없음"),
            )

    def in_(self, lang: Lang) -> str:
        """The words in `lang`, else in the other language, marked as such."""
        given = dict(self.lines())
        if lang in given:
            return given[lang]
        return "; ".join(f"[{other}] {text}" for other, text in given.items())


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a readable form: a label, the value in both languages, and the statement it points at."""

    label: Text
    value: Text
    target: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A claim as people read it: one sentence, then labelled rows. Text, never markup."""

    sentence: Text
    rows: list[Row] = field(default_factory=list[Row])


C = TypeVar("C", bound=Claim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[C]):
    """One kind of claim: its payload type, its checks against the facts, and its form for people."""

    name: str
    title: Text
    about: Text
    payload: type[C]
    check: Callable[[C, Facts], None]
    read: Callable[[C, Facts], Reading]
    example: Callable[[], C]
    targets: Callable[[C], tuple[bytes, ...]] = lambda _claim: ()
    evidence: Callable[[C], tuple[EvidenceRef, ...]] = lambda _claim: ()
    lifecycle: bool = False


AnyKind = Kind[Any]


def kind_names() -> list[str]:
    """Every kind this version knows, sorted."""
    return list(_kind_names())


@cache
def _kind_names() -> tuple[str, ...]:
    from haechi.statement import kinds  # the kinds import this module

    return tuple(sorted(m.name for m in pkgutil.iter_modules(kinds.__path__) if not m.name.startswith("_")))


@cache
def kind_of(name: str) -> AnyKind:
    """The kind of this name; raises UnknownKind with the nearest right ones."""
    names = _kind_names()
    if name not in names:
        import difflib  # for mistakes alone

        raise UnknownKind(
            field="kind", got=name[:120], nearest=difflib.get_close_matches(name[:120], names, 3, 0.3)
        )
    return importlib.import_module(f"haechi.statement.kinds.{name}").KIND


def encode_claim(kind: AnyKind, claim: Claim, facts: Facts) -> bytes:
    """The payload bytes of a checked claim; raises what the kind's check raises.

    The claim is read back first, so a value of the wrong type is refused here and a whole number given for a
    float becomes a float: equal claims have equal bytes. Raises CborMalformed for text with hidden characters
    and floats that are not finite.
    """
    checked = convert_claim(kind, plain_claim(claim), facts)
    return cbor.encode(plain_claim(checked), where=kind.name)


def decode_claim(kind: AnyKind, payload: bytes, facts: Facts) -> Claim:
    """The checked claim in `payload`; raises TooLarge, CborMalformed, ClaimMalformed or UnknownName."""
    value = cbor.parse(payload, where=kind.name, max_bytes=MAX_STATEMENT_BYTES)
    claim = convert_claim(kind, value, facts)
    if cbor.encode(plain_claim(claim), where=kind.name) != payload:
        # Either the CBOR is loose, and this names the rule, or a field is: "Z" and "+00:00", null and absent.
        cbor.decode(payload, where=kind.name, max_bytes=MAX_STATEMENT_BYTES)
        raise ClaimMalformed(
            kind=kind.name,
            why=Text("a field is not in its one allowed form", "정해진 한 가지 형식이 아닌 항목이 있음"),
        )
    return claim


def convert_claim(kind: AnyKind, value: object, facts: Facts) -> Claim:
    """The checked claim from plain values (see `haechi.statement.jsonform` for values from JSON)."""
    try:
        claim = msgspec.convert(value, kind.payload, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise ClaimMalformed(kind=kind.name, why=misfit_of(error)) from error
    kind.check(claim, facts)
    return claim


def claim_of(statement: Statement, facts: Facts, preimage: bytes | None = None) -> Claim | None:
    """The statement's claim; None when it is encrypted, or only its digest is signed and it is not at hand.

    preimage: the file that a hash envelope was made of. It gives a claim when its media type is that of the
    kind; a file of another type is evidence, not a claim. Raises ClaimMalformed when it is another file.
    """
    kind = kind_of(statement.about.kind)
    envelope = statement.hash_envelope
    if statement.is_encrypted:
        return None
    if envelope is None:
        return decode_claim(kind, statement.payload, facts)
    if preimage is None:
        return None
    if hashlib.sha256(preimage).digest() != statement.payload:
        raise ClaimMalformed(
            kind=kind.name,
            why=Text("the content does not have the signed digest", "내용의 다이제스트가 서명된 것과 다름"),
        )
    if envelope.content_type != content_type_of(kind.name):
        return None
    return decode_claim(kind, preimage, facts)


def check_claim(statement: Statement, facts: Facts) -> Finding:
    """Whether the payload is a well-formed claim of the statement's kind."""
    return examine_claim(statement, facts)[0]


def examine_claim(statement: Statement, facts: Facts) -> tuple[Finding, Claim | None]:
    """`check_claim` with the claim too, when it HOLDS."""
    kind = statement.about.kind
    try:
        claim = claim_of(statement, facts)
    except UnknownKind:
        return found("statement.claim.kind-unknown", kind=kind), None
    except BadInput as error:
        return found("statement.claim.invalid", kind=kind, why=reason_of(error)), None
    if claim is None:
        return found(WITHHELD[statement.is_encrypted]), None
    return found("statement.claim.valid", kind=kind), claim


def plain_claim(claim: Claim) -> dict[str, object]:
    """A claim as maps, lists and leaves, fields at their default left out.

    msgspec leaves out what *is* the default; a tuple or a large number that merely equals it would stay, and
    the claim would have two encodings.
    """
    value: dict[str, object] = msgspec.to_builtins(claim, builtin_types=(bytes,))
    for name, default in _telling_defaults(type(claim)):
        if value.get(name) == default:
            del value[name]
    return value


@cache
def _telling_defaults(payload: type[Claim]) -> tuple[tuple[str, object], ...]:
    """The defaults that say something: neither null nor empty. Structs inside a payload have none."""
    fields = msgspec.structs.fields(payload)
    given = (
        (field.encode_name, msgspec.to_builtins(field.default)) for field in fields if not field.required
    )
    return tuple((name, default) for name, default in given if default)
