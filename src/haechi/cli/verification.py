"""The work of `haechi verify`: a bundle, statement, digest or link, and why each check ended as it did."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from haechi.cli.files import FileAbsent, FileRefused, digest_in, read_file
from haechi.cli.misuse import WronglyUsed
from haechi.cli.out import EXIT_BY_VERDICT, Out
from haechi.errors import BadInput, NotFound
from haechi.findings import VERDICT_WORDS, Finding, Verdict
from haechi.mark.kind import has_controls, medium_of_head
from haechi.mark.media import TEXT_TYPES
from haechi.words import Text, system_reason

if TYPE_CHECKING:
    from haechi.network.pins import Pins
    from haechi.network.trust.metadata import Verified
    from haechi.network.verify import Quorum, Report, Trust

_LINK = re.compile(r"(https?://[^/?#]+)/[^?#]*?([0-9a-f]{64})(?:\.[a-z]+)?/?(?:[?#].*)?\Z")
_MAX_DOWNLOAD = 64 << 20
_OURS = (".cose", ".haechi")
TRUST = "trust.json"
_COSE = b"\xd2"
"""CBOR tag 18, with which every statement begins (RFC 9052, section 2)."""


class StatementAbsent(NotFound):
    """The node does not have the statement, or not for everybody; facts: what_is, name (the digest)."""

    code = "cli.no-statement"
    hint = Text(
        "ask the node it was registered at, or one that mirrors it",
        "진술이 등록된 노드나 그것을 미러링하는 노드에 물어보세요",
    )


class NothingToVerify(BadInput):
    """A text or JSON file that nothing here signs; facts: name."""

    code = "cli.nothing-to-verify"
    what = Text("not something that Haechi verifies: {name}", "Haechi가 검증하는 것이 아닙니다: {name}")
    hint = Text(
        "give a bundle (.haechi), a statement (.cose), evidence of two histories (.json) or a marked "
        "picture, film, sound or text; `haechi detect` looks for marks in any text",
        "묶음(.haechi), 진술(.cose), 두 이력의 증거(.json), 표시된 그림·영상·소리·텍스트를 "
        "주세요. 그 밖의 텍스트에서는 `haechi detect`가 마크를 찾습니다",
    )


class Asked(NamedTuple):
    """What `haechi verify` was asked; the fields are its argument and options."""

    what: str
    pins: Path | None = None
    trust: Path | None = None
    node: str = ""
    policy: Path | None = None
    quorum: int | None = None
    json: bool = False


def verify(asked: Asked) -> int:
    """Verify with nothing but pins and a trust list: exit code 0 HOLDS, 1 FAILS, 3 UNDECIDED."""
    out, what = Out(asked.json), asked.what
    if _is_marked_medium(what) or Path(what).suffix.lower() in TEXT_TYPES:
        from haechi.cli.detect import look_at
        from haechi.cli.looking import Reader

        return look_at(out, [Path(what)], Reader(asked.node, asked.pins, trust=asked.trust))
    from haechi.network.sections import TITLES, Section

    pinned, listed = load_trust(asked.pins), load_list(asked.trust)
    quorum = quorum_of(pinned, listed, asked.policy, asked.quorum)
    report = _verify(what, listed_trust(pinned, listed), asked.node, quorum)
    if listed is not None:
        report.sections.append(Section(TITLES["list"], None, [about_list(listed)]))
    show_report(out, report)
    if report.verdict is Verdict.UNDECIDED and listed is None and not (pinned.nodes or pinned.issuers):
        out.say(
            Text(
                "Nothing is pinned here and no trust list is named, so nobody's keys are trusted: name a "
                "pins file with --pins (made by `haechi mirror pin`) or a list with --trust "
                "(`haechi trust install`).",
                "고정된 것도 지정된 신뢰 목록도 없어 누구의 키도 신뢰하지 않습니다. "
                "--pins 로 고정 파일(`haechi mirror pin` 으로 만듦)이나 "
                "--trust 로 신뢰 목록(`haechi trust install`)을 지정하세요.",
            )
        )
    return EXIT_BY_VERDICT[report.verdict]


def quorum_of(trust: "Pins", listed: "Verified | None", policy: Path | None, quorum: int | None) -> "Quorum":
    """The witnesses asked for: by a policy file, else a number of pinned and listed ones, else none.

    With a trust list a witness's key counts where the list says it is good.
    """
    import time

    from haechi.log.quorum import MAX_POLICY_BYTES
    from haechi.network.verify import Quorum
    from haechi.network.witnesses import known_policy, read_policy

    known = None if listed is None else listed.trust_list
    if policy is not None:
        raw = read_file(policy, MAX_POLICY_BYTES, Text("witness policy", "증인 정책"))
        return Quorum(read_policy(raw, known), int(time.time()))
    counted = len(known_policy(trust.nodes, known, 0).groups)
    if quorum is not None and quorum > counted:
        why = Text(
            f"--quorum asks for {quorum} witnesses, and {counted} are pinned or listed here",
            f"--quorum 은 증인 {quorum}곳을 요구하는데 여기에 고정되거나 목록에 있는 증인은 {counted}곳",
        )
        raise BadInput(why=why)
    return Quorum(known_policy(trust.nodes, known, quorum or 0), int(time.time()))


def _is_marked_medium(what: str) -> bool:
    """Whether it is a picture, a sound or a film, by how its bytes begin."""
    try:
        with Path(what).open("rb") as file:
            return medium_of_head(file.read(16)) is not None
    except (OSError, ValueError):
        return False


def load_list(path: Path | None) -> "Verified | None":
    """The installed trust list in a file, verified again; none without a file that is named."""
    if path is None:
        return None
    from haechi.network.trust import package

    verified = package.load(trust_file(path))
    if verified is None:
        raise FileAbsent(what_is=Text("trust list", "신뢰 목록"), name=str(path))
    return verified


def trust_file(path: Path) -> Path:
    """The file itself, or the one in a node's folder."""
    return path / TRUST if path.is_dir() else path


def known(pins: Path | None, trust: Path | None) -> "Trust":
    """Whom a reader trusts: what is pinned in one file, and who is in the trust list of the other."""
    return listed_trust(load_trust(pins), load_list(trust))


def listed_trust(pins: "Pins", listed: "Verified | None") -> "Trust":
    """Pins and a trust list as one; the pins alone without a list."""
    if listed is None:
        return pins
    from haechi.network.trust.view import ListedTrust

    return ListedTrust(pins, listed.trust_list)


def about_list(listed: "Verified") -> "Finding":
    """Whether the list that is gone by is up to date."""
    from haechi.network.trust.view import check_list

    return check_list(listed, datetime.now(UTC))


def _verify(what: str, trust: "Trust", node: str, quorum: "Quorum") -> "Report":
    from haechi.facts import load
    from haechi.network.bundle import MAGIC
    from haechi.network.verify import verify_bundle, verify_fork, verify_statement

    asked = asked_for(what, node)
    if asked is not None:
        # A node may answer with another statement that holds as well, so the digest is checked too.
        raw = fetch_bundle(asked.node, asked.digest)
        return verify_bundle(io.BytesIO(raw), trust, load(), bytes.fromhex(asked.digest), quorum)
    source: BinaryIO
    try:
        with Path(what).open("rb") as source:
            if source.read(len(MAGIC)) == MAGIC:
                source.seek(0)
                return verify_bundle(source, trust, load(), None, quorum)
            source.seek(0)
            if source.read(1) == b"{":
                from haechi.network.fork import MAX_FORK_BYTES, speaks_of_fork

                raw = b"{" + source.read(MAX_FORK_BYTES)
                if not speaks_of_fork(raw):
                    raise NothingToVerify(name=what)
                return verify_fork(raw, trust)
            source.seek(0)
            from haechi.statement.envelope import MAX_TRANSPARENT_BYTES

            raw = source.read(MAX_TRANSPARENT_BYTES + 1)
            if Path(what).suffix not in _OURS and _is_words(raw):
                raise NothingToVerify(name=what)
            return verify_statement(raw, trust, load())
    except FileNotFoundError:
        raise FileAbsent(what_is=Text("file", "파일"), name=what) from None
    except OSError as error:
        raise FileRefused(what_is=what, why=system_reason(error)) from error


def _is_words(raw: bytes) -> bool:
    """Whether it is text from end to end and begins as no statement does: a signature never is text."""
    if raw[:1] in (b"", _COSE) or has_controls(raw):
        return False
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class Fetch(NamedTuple):
    """A statement to be fetched: the address of a node, and the digest in hex."""

    node: str
    digest: str


def asked_for(what: str, node: str) -> Fetch | None:
    """What a digest asks `node` for, or a link to a statement, its page, entry or bundle; None for a file."""
    digest = digest_in(what)
    if digest is None and not what.startswith(("http://", "https://")):
        return None
    if digest is None:
        found = _LINK.match(what)
        if found is None:
            shown = what[:200]
            why = Text(f"the link names no statement: {shown}", f"링크에 진술이 적혀 있지 않음: {shown}")
            raise BadInput(why=why)
        return Fetch(found[1], found[2])
    if not node:
        why = Text(
            "a digest needs --node: a node that has the statement",
            "다이제스트에는 진술을 가진 노드의 주소(--node)가 필요함",
        )
        raise WronglyUsed(why=why, command="haechi verify")
    return Fetch(node, digest)


def fetch_bundle(node: str, digest: str) -> bytes:
    """The bundle of a statement (digest in hex); raises StatementAbsent and what the client raises."""
    from haechi.network.client import PeerClient, PeerLacks

    try:
        with PeerClient(node) as client:
            return client.fetch(f"/bundles/{digest}", _MAX_DOWNLOAD)
    except PeerLacks:
        raise StatementAbsent(what_is=Text("statement", "진술"), name=digest) from None


def load_trust(path: Path | None) -> "Pins":
    """The pins in a file; none without a file. A file that is named and missing is an error."""
    from haechi.network.pins import Pins

    if path is None:
        return Pins()
    if not path.exists():
        raise FileAbsent(what_is=Text("pins file", "고정 파일"), name=str(path))
    return Pins.load(path)


def show_report(out: Out, report: "Report") -> None:
    """A report for people, and for programs."""
    lang = out.lang
    out.data(
        {
            "verdict": str(report.verdict),
            "sections": [
                {
                    "title": section.title.say(lang),
                    "digest": section.digest.hex() if section.digest else None,
                    "verdict": str(section.verdict),
                    "checks": [finding.as_dict(lang) for finding in section.findings],
                }
                for section in report.sections
            ],
        }
    )
    for section in report.sections:
        statement = section.statement
        if statement is not None:
            out.say(
                Text("{title}: {kind} by {issuer}", "{title}: {issuer}의 {kind}"),
                title=section.title.say(lang),
                kind=_kind_title(statement.about.kind, out),
                issuer=statement.about.issuer,
            )
            out.say(f"  {statement.digest_hex}")
        else:
            out.say(section.title)
        out.findings(section.findings)
    out.say(Text("Verdict: {word}", "판정: {word}"), word=VERDICT_WORDS[report.verdict].say(lang).upper())


def _kind_title(kind: str, out: Out) -> str:
    from haechi.statement.claims import UnknownKind, kind_of

    try:
        return kind_of(kind).title.say(out.lang)
    except UnknownKind:
        return kind
