"""Texts at a node: who committed to which profile, which texts were logged, a text looked at and forgotten.

The operator may keep profiles with their keys in the folder `profiles` of the node, for issuers that asked it
to answer for them. They are read with; nothing of them is shown.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from haechi.errors import BadInput, HaechiError
from haechi.mark.records import LogRecord
from haechi.node.pages.source import Found
from haechi.node.runner import Runner
from haechi.node.view import View
from haechi.statement.claims import claim_of
from haechi.statement.kinds.mark_profile import NAME, MarkProfile
from haechi.words import Lang

if TYPE_CHECKING:
    from haechi.mark.text.profiles import Profile
    from haechi.mark.text.registry import ProfileRecord
    from haechi.node.marks import MarkBook

MOST_TEXT_BYTES = 1 << 20
MOST_PROFILES = 1000
FOLDER = "profiles"


class NodeTexts:
    """A registry of texts, from the logs and mirrors held here; checks are made anew for every answer."""

    def __init__(self, runner: Runner, book: "MarkBook") -> None:
        self._runner = runner
        self._book = book

    def profiles(self) -> "Sequence[ProfileRecord]":
        """Profiles of text marks that anybody may see, newest statement first."""
        from haechi.mark.text.registry import ProfileRecord

        self._runner.follow()
        view, records = View(self._runner), list[ProfileRecord]()
        for row in self._runner.node.index.by_kind(NAME, MOST_PROFILES, None):
            held = view.statement(row.digest)
            claim = self._claim(held) if isinstance(held, Found) else None
            if not isinstance(held, Found) or claim is None or claim.medium != "text":
                continue
            checks = view.checks(held)
            findings = (
                held.statement.check_signature(),
                *(each for some in checks.values() for each in some),
            )
            records.append(
                ProfileRecord(
                    claim,
                    held.statement.digest,
                    held.statement.about.issuer,
                    next(iter(checks), ""),
                    findings,
                    held.standing.withdrawn_by is not None,
                )
            )
        return records

    def by_digest(self, digest: bytes) -> Sequence[LogRecord]:
        """Records of exactly this file."""
        return self._book.by_digest(digest)

    def texts_like(self, minhash: bytes) -> Sequence[LogRecord]:
        """Records of texts that share fingerprints."""
        return self._book.texts_like(minhash)

    def blob(self, digest: bytes) -> bytes | None:
        """A file kept beside a statement that anybody may have."""
        return self._book.blob(digest)

    def own_profiles(self) -> "tuple[Profile, ...]":
        """Profiles that the operator keeps here; files that are none are passed over."""
        from haechi.mark.text.profiles import load_profile

        made: list[Profile] = []
        for path in sorted((self._runner.node.folder / FOLDER).glob("*.profile"))[:MOST_PROFILES]:
            try:
                made.append(load_profile(path))
            except HaechiError:
                continue
        return tuple(made)

    def _claim(self, held: Found) -> MarkProfile | None:
        try:
            claim = claim_of(held.statement, self._runner.node.facts)
        except BadInput:
            return None
        return claim if isinstance(claim, MarkProfile) else None


def look_at(raw: bytes, *, texts: NodeTexts, lang: Lang) -> dict[str, Any]:
    """What a text tells, under the profiles that were published and those kept here."""
    from haechi.mark.extra import require

    text = require("haechi.mark.text")
    return text.look_at_text(raw, text.TextMeans(texts.own_profiles(), texts)).as_dict(lang)


def told_profiles(texts: NodeTexts) -> dict[str, Any]:
    """The profiles as JSON: what was committed to, by whom, whether it holds, and whom to ask."""
    return {
        "profiles": [
            {
                "statement": record.statement.hex(),
                "issuer": record.issuer,
                "origin": record.origin,
                "verdict": str(record.verdict),
                "withdrawn": record.withdrawn,
                "commitment": record.claim.commitment.hex(),
                "engine": record.claim.engine,
                "since": record.claim.since.isoformat(),
                "until": None if record.claim.until is None else record.claim.until.isoformat(),
                "service": record.claim.service,
                "signpost": record.claim.signpost,
                "published": None if record.claim.published is None else record.claim.published.digest.hex(),
            }
            for record in texts.profiles()
        ]
    }


def asked_records(
    raw: bytes, book: "MarkBook", by_picture: Callable[[bytes], Sequence[LogRecord]]
) -> Sequence[LogRecord]:
    """The records that a body of `POST /marks/like` asks for: by PDQ hashes, a file's digest or a MinHash."""
    try:
        told = msgspec.json.decode(raw, type=dict[str, Any])
        if "digest" in told:
            return book.by_digest(_hex(told["digest"], 32))
        if "minhash" in told:
            return book.texts_like(_hex(told["minhash"], 512))
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise BadInput(why=f"expected pdq, digest or minhash: {error}") from error
    return by_picture(raw)


def _hex(value: object, size: int) -> bytes:
    raw = bytes.fromhex(str(value))
    if len(raw) != size:
        raise ValueError(f"{size} bytes in hexadecimal")
    return raw
