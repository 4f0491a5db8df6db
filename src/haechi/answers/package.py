"""A package of answers that somebody else can work out again: statements in, answers out, one signature.

The body is JSON in its one form (RFC 8785: here names and texts only, so sorted members and no spaces are
all of it). It holds the statements themselves, who speaks for whom, the day, the data version and the
answers; a reader verifies the statements, counts them by docs/reference/answers.md and compares.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import msgspec

from haechi.answers.engine import SCHEMA as ALGORITHM
from haechi.answers.engine import Answers
from haechi.errors import BadInput
from haechi.findings import Finding, Verdict, declare, found
from haechi.misfit import misfit_of
from haechi.words import Text

SCHEMA = "haechi.package/2"
MAX_PACKAGE_BYTES = 64 << 20

declare(
    "answers.package",
    Text("Answers worked out again from the statements in the package", "묶음의 진술에서 다시 계산한 답"),
    {
        "reproduced": (
            Verdict.HOLDS,
            Text(
                "{count} answers about {subject}, the same to the byte",
                "{subject}에 대한 답 {count}개, 바이트까지 같음",
            ),
        ),
        "differs": (
            Verdict.FAILS,
            Text("not the answers that follow: {targets}", "계산 결과와 다른 답: {targets}"),
        ),
        "other-data": (
            Verdict.UNDECIDED,
            Text(
                "made with data version {theirs}; this program has {ours}",
                "데이터 판 {theirs}로 만들어졌으나 이 프로그램에는 {ours}이(가) 있음",
            ),
        ),
        "changed": (
            Verdict.FAILS,
            Text(
                "the body is not the one that was signed: {got} instead of {expected}",
                "서명된 본문이 아님: {expected} 대신 {got}",
            ),
        ),
    },
)


class PackageMalformed(BadInput):
    """Bytes that are no package; facts: why."""

    code = "answers.package"
    what = Text("not a package of answers: {why}", "답 묶음이 아닙니다: {why}")
    hint = Text("ask its maker for the file again", "만든 곳에 파일을 다시 요청하세요")


class Package(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body. files: statements or bundles, base64; voices: party to the issuers that speak for it.

    checkers: whose confirmations and disputes counted for assurance.
    """

    schema: str
    algorithm: str
    data_version: str
    subject: str
    part_of: tuple[str, ...]
    as_of: str
    voices: dict[str, tuple[str, ...]]
    checkers: tuple[str, ...]
    files: tuple[str, ...]
    answers: dict[str, object]

    @property
    def raw_files(self) -> list[bytes]:
        """The statements and bundles; raises PackageMalformed."""
        try:
            return [base64.b64decode(each, validate=True) for each in self.files]
        except ValueError:
            raise PackageMalformed(why=Text("a file is not base64", "base64가 아닌 파일이 있음")) from None


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: a statement, base64, over the SHA-256 of the body in its one form; and the body."""

    statement: str
    body: Package


def package(
    answers: Answers,
    files: Sequence[bytes],
    voices: Mapping[str, frozenset[str]],
    checkers: Iterable[str] = (),
) -> Package:
    """The body for these answers. files: everything that was counted, as it was given."""
    return Package(
        schema=SCHEMA,
        algorithm=ALGORITHM,
        data_version=answers.data_version,
        subject=answers.scope.subject,
        part_of=answers.scope.part_of,
        as_of=answers.day.isoformat(),
        voices={party: tuple(sorted(issuers)) for party, issuers in sorted(voices.items())},
        checkers=tuple(sorted(checkers)),
        files=tuple(base64.b64encode(raw).decode() for raw in files),
        answers=answers.as_dict(),
    )


def body_bytes(body: Package) -> bytes:
    """The one form of a body: what is hashed and signed."""
    return msgspec.json.encode(msgspec.to_builtins(body), order="sorted")


def read_package(raw: bytes) -> tuple[bytes, Package]:
    """The signed statement and the body in a file; raises TooLarge by its reader, PackageMalformed."""
    try:
        signed = msgspec.json.decode(raw, type=Signed)
        statement = base64.b64decode(signed.statement, validate=True)
    except (msgspec.MsgspecError, ValueError) as error:
        raise PackageMalformed(why=misfit_of(error)) from error
    if signed.body.schema != SCHEMA:
        raise PackageMalformed(why=Text("another schema", "다른 형식"))
    return statement, signed.body


def write_package(statement: bytes, body: Package) -> bytes:
    """The file that `read_package` reads."""
    return msgspec.json.encode(Signed(statement=base64.b64encode(statement).decode(), body=body)) + b"\n"


def check_body(body: Package, signed_digest: bytes) -> Finding | None:
    """FAILS when the body is not what was signed; None when it is."""
    got = hashlib.sha256(body_bytes(body)).digest()
    if got == signed_digest:
        return None
    return found("answers.package.changed", got=got.hex()[:16], expected=signed_digest.hex()[:16])


def check_answers(body: Package, again: Answers) -> Finding:
    """Whether the answers in the body are those worked out again from its files."""
    if body.data_version != again.data_version:
        return found(
            "answers.package.other-data", theirs=body.data_version[:16], ours=again.data_version[:16]
        )
    mine, theirs = again.as_dict(), body.answers
    if msgspec.json.encode(mine, order="sorted") == msgspec.json.encode(theirs, order="sorted"):
        count = sum(1 for answer in again.by_target.values() if answer.credits)
        return found("answers.package.reproduced", count=count, subject=body.subject)
    return found("answers.package.differs", targets=", ".join(_differing(mine, theirs)) or "?")


def _differing(mine: Mapping[str, object], theirs: Mapping[str, object]) -> list[str]:
    """The targets whose answers differ, at most eight."""
    ours, given = _by_target(mine), _by_target(theirs)
    return sorted(name for name in {*ours, *given} if ours.get(name) != given.get(name))[:8]


def _by_target(document: Mapping[str, object]) -> dict[str, object]:
    answers = document.get("answers")
    listed = cast("list[object]", answers) if isinstance(answers, (list, tuple)) else []
    members = [cast("dict[str, object]", each) for each in listed if isinstance(each, dict)]
    return {str(each.get("target")): each for each in members}
