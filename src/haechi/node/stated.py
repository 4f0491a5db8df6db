"""Which facts a node answers with, as statements in its own log: the data version, and the file itself.

NotFound
└── NothingStated     the node's log states no data version, or none by the day that was asked for
Conflict
└── StatedAlready     the newest statement names this data version already
"""

import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

from haechi.answers.evidence import utc_day
from haechi.errors import Conflict, NotFound
from haechi.facts import Facts, load
from haechi.facts.load import COMPILED
from haechi.log.headstore import SignerLocked
from haechi.network.client import PeerClient
from haechi.node.config import Config, load_config
from haechi.node.keychain import load_keychain
from haechi.node.maintenance import own_door
from haechi.node.open import open_node
from haechi.node.shared import read_log
from haechi.statement.claims import Said, claim_of, encode_claim, kind_of
from haechi.statement.envelope import MAX_STATEMENT_BYTES, About, Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.keys import SigningKey
from haechi.statement.kinds.document import Document
from haechi.words import Text

SUBJECT = "facts:haechi"
_FORM = "document.techdoc"
_NAME = "facts.json"
_MEDIA_TYPE = "application/json"


class NothingStated(NotFound):
    """No data version was stated by that day; facts: what_is, name."""

    code = "node.facts-not-stated"
    hint = Text(
        "`haechi facts state` puts the data version into the node's log",
        "`haechi facts state` 가 데이터 판을 노드의 로그에 남깁니다",
    )


class StatedAlready(Conflict):
    """The newest statement names this data version; facts: version."""

    code = "node.facts-stated"
    what = Text(
        "data version {version} is stated already", "데이터 판 {version}은(는) 이미 진술되어 있습니다"
    )
    hint = Text("nothing to do", "할 일이 없습니다")


class StatedVersion(NamedTuple):
    """A data version and its statement. day: of issue, in UTC."""

    day: date
    version: str
    statement: bytes


def state_facts(folder: Path, passphrase: bytes | None) -> Statement:
    """Log a statement that names the facts of this program, and keep the file beside it.

    Works on a running node, through its own door, and on a stopped one. Raises StatedAlready and whatever
    registration raises.
    """
    config, facts = load_config(folder), load()
    found = stated_versions(folder)
    if found and found[-1].version == facts.version:
        raise StatedAlready(version=facts.version)
    key = load_keychain(folder / "keys", passphrase).issuer
    statement = _statement(config, key, facts)
    try:
        runner = open_node(folder, clock=time.time, passphrase=passphrase)
    except SignerLocked:
        with PeerClient(own_door(config)) as client:
            client.post("/entries", statement.raw, "application/cose", MAX_STATEMENT_BYTES)
            client.put_file(f"/blobs/{facts.version}", COMPILED, "application/octet-stream")
        return statement
    try:
        raw = COMPILED.read_bytes()
        registered = runner.node.register(statement.raw)[0]
        runner.node.blobs.put(bytes.fromhex(facts.version), len(raw), [raw])
        return registered
    finally:
        runner.stop()


def stated_versions(folder: Path) -> list[StatedVersion]:
    """Every data version that the node's own log states, oldest first; works beside a running node."""
    config, facts = load_config(folder), load()
    found: list[StatedVersion] = []
    with read_log(folder, config) as store:
        for index in range(store.head().size):
            raw = store.statement(index)
            statement = None if raw is None else Statement.from_bytes(raw)
            if statement is None or statement.about.subject != SUBJECT:
                continue
            if statement.about.issuer != config.issuer or statement.about.kind != "document":
                continue
            claim = claim_of(statement, facts)
            if isinstance(claim, Document):
                day = utc_day(statement.about.issued_at)
                found.append(StatedVersion(day, claim.files[0].digest.hex(), statement.digest))
    return found


def known_at(folder: Path, day: date) -> StatedVersion:
    """The data version that the node had stated by the end of `day`; raises NothingStated."""
    before = [each for each in stated_versions(folder) if each.day <= day]
    if not before:
        raise NothingStated(what_is=Text("data version", "데이터 판"), name=day.isoformat())
    return before[-1]


def _statement(config: Config, key: SigningKey, facts: Facts) -> Statement:
    raw_size = COMPILED.stat().st_size
    claim = Document(
        title=Said(
            en=f"Facts that this node answers with, data version {facts.version}",
            ko=f"이 노드가 답에 쓰는 사실 자료, 데이터 판 {facts.version}",
        ),
        form=_FORM,
        dated=facts.as_of,
        files=(
            EvidenceRef(
                digest=bytes.fromhex(facts.version), size=raw_size, media_type=_MEDIA_TYPE, name=_NAME
            ),
        ),
    )
    about = About(issuer=config.issuer, subject=SUBJECT, issued_at=int(time.time()), kind="document")
    return sign_statement(key, about, encode_claim(kind_of("document"), claim, facts))
