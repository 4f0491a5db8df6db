"""Offline inclusion proofs: index, path and checkpoint in one text (c2sp.org/tlog-proof v1).

    BadInput
    └── TlogProofMalformed    not such a text

The log's keys and origin come from the verifier; nothing in the file is trusted, least of all `extra`,
which no signature covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from haechi.errors import BadInput, TooLarge
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.canonical import MISFIT, decode_base64, decode_decimal, encode_base64, shorten, show_number
from haechi.log.checkpoint import MAX_CHECKPOINT_BYTES, check_checkpoint
from haechi.log.merkle import HASH_SIZE, MAX_SIZE, check_inclusion, leaf_hash
from haechi.log.note import NoteKey
from haechi.words import Text

MAX_PATH = 63
MAX_EXTRA_BYTES = 64 * 1024
MAX_PROOF_BYTES = MAX_CHECKPOINT_BYTES + 2 * MAX_EXTRA_BYTES
_HEADER = "c2sp.org/tlog-proof@v1"


class TlogProofMalformed(BadInput):
    """Not a tlog-proof text; facts: part, expected, got."""

    code = "log.tlog-proof-malformed"
    what = Text("malformed tlog proof: " + MISFIT.en, "tlog 증명 형식 오류: " + MISFIT.ko)
    hint = Text("ask the log for the proof file again", "로그에 증명 파일을 다시 요청하세요")


declare(
    "log.proof",
    Text("The proof file can be read", "증명 파일의 형식"),
    {
        "readable": (
            Verdict.HOLDS,
            Text("the file is a tlog proof for entry {index}", "{index}번 항목의 tlog 증명 파일입니다"),
        ),
        "malformed": (Verdict.FAILS, TlogProofMalformed.what),
    },
)


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Entry index, inclusion path (leaf's sibling first), the checkpoint note verbatim, unsigned extra data.

    Raises TlogProofMalformed on making, for values that the text cannot carry. `extra` None means that
    the line is left out.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index < MAX_SIZE:
            raise TlogProofMalformed(part="index", expected="0..2^63-2", got=show_number(self.index))
        if len(self.path) > MAX_PATH:
            raise TlogProofMalformed(part="path", expected=f"at most {MAX_PATH}", got=len(self.path))
        for at, node in enumerate(self.path):
            if len(node) != HASH_SIZE:
                raise TlogProofMalformed(part=f"path[{at}] size", expected=HASH_SIZE, got=len(node))
        if self.extra is not None and len(self.extra) > MAX_EXTRA_BYTES:
            raise TlogProofMalformed(
                part="extra size", expected=f"at most {MAX_EXTRA_BYTES}", got=len(self.extra)
            )
        if not 1 <= len(self.checkpoint) <= MAX_CHECKPOINT_BYTES:
            raise TlogProofMalformed(
                part="checkpoint size", expected=f"1..{MAX_CHECKPOINT_BYTES}", got=len(self.checkpoint)
            )

    def encode(self) -> bytes:
        """The text of a `.tlog-proof` file."""
        extra = [] if self.extra is None else [f"extra {encode_base64(self.extra)}"]
        lines = [_HEADER, *extra, f"index {self.index}", *map(encode_base64, self.path), "", ""]
        return "\n".join(lines).encode("ascii") + self.checkpoint

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The proof in `raw`; `.encode()` gives the same bytes back. Raises TooLarge or TlogProofMalformed.

        The checkpoint is kept as it is, neither read nor verified.
        """
        if len(raw) > MAX_PROOF_BYTES:
            raise TooLarge(what_is=Text("tlog proof", "tlog 증명"), limit=MAX_PROOF_BYTES, got=len(raw))
        head, blank, checkpoint = raw.partition(b"\n\n")
        if not blank:
            raise TlogProofMalformed(part="blank line", expected="one before the checkpoint", got="none")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise TlogProofMalformed(
                part=f"byte {error.start}", expected="ASCII", got=error.reason
            ) from error
        if lines[0] != _HEADER:
            raise TlogProofMalformed(part="line 1", expected=_HEADER, got=shorten(lines[0]))
        extra, rest = _take_extra(lines[1:])
        word, _, number = "".join(rest[:1]).partition(" ")
        index = decode_decimal(number)
        if word != "index" or index is None:
            raise TlogProofMalformed(
                part="index line", expected="'index <n>'", got=shorten("".join(rest[:1]))
            )
        if len(rest) - 1 > MAX_PATH:
            raise TlogProofMalformed(part="path", expected=f"at most {MAX_PATH}", got=len(rest) - 1)
        path = tuple(_decode(f"path[{at}]", line) for at, line in enumerate(rest[1:]))
        return cls(index, path, checkpoint, extra)


def check_tlog_proof(raw: bytes, entry: bytes, keys: Sequence[NoteKey], origin: str) -> list[Finding]:
    """Whether the log `origin`, known by `keys`, holds `entry`, by the proof file `raw` alone.

    entry: the leaf data (in Haechi the 32-byte SHA-256 of the signed statement), never read from the file.
    Findings in order: log.proof.readable or .malformed, log.checkpoint.*, and log.inclusion.* only under
    a checkpoint that HOLDS, since an unsigned root proves nothing. tlog-proof, "Verifying a tlog proof"
    steps 1, 2 and 4; witness quorums are the network's.
    """
    try:
        proof = TlogProof.parse(raw)
    except TooLarge as error:
        limit, got = error.facts["limit"], error.facts["got"]
        return [found("log.proof.malformed", part="size in bytes", expected=limit, got=got)]
    except TlogProofMalformed as error:
        return [found("log.proof.malformed", **error.facts)]
    readable = found("log.proof.readable", index=proof.index)
    signed, checkpoint = check_checkpoint(proof.checkpoint, keys, origin)
    if checkpoint is None:
        return [readable, signed]
    included = check_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.path, checkpoint.root)
    return [readable, signed, included]


def _take_extra(lines: list[str]) -> tuple[bytes | None, list[str]]:
    """The extra data, if the first line carries it, and the lines after it."""
    if not lines or not lines[0].startswith("extra "):
        return None, lines
    return _decode("extra", lines[0].removeprefix("extra ")), lines[1:]


def _decode(part: str, value: str) -> bytes:
    raw = decode_base64(value)
    if raw is None:
        raise TlogProofMalformed(part=part, expected="padded base64", got=shorten(value))
    return raw
