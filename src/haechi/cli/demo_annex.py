"""The closed annex of the demonstration: only Korea reads it, and the UK keeps a copy that it cannot open."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from haechi.findings import Finding, Verdict, declare, found
from haechi.node.keychain import load_keychain
from haechi.node.maintenance import grant, take_levels
from haechi.statement.envelope import About, Sharing, Statement
from haechi.statement.parcel import Parcel
from haechi.statement.sealed import NotForThisKey
from haechi.statement.sharing import Content, WithFile, open_content, sign_encrypted_file
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.cli.demo_steps import Demonstration

declare(
    "demo.annex",
    Text("Closed annex", "닫힌 부속 자료"),
    {
        "encrypted": (
            Verdict.HOLDS,
            Text(
                "{size} bytes for Korea's key, AMBER; who can read it is written nowhere",
                "한국의 키로 암호화한 AMBER {size}바이트. 누가 읽을 수 있는지는 어디에도 없음",
            ),
        ),
        "mirrored": (
            Verdict.HOLDS,
            Text(
                "the UK holds the same {size} bytes of ciphertext, with their proof",
                "영국이 같은 암호문 {size}바이트와 증명을 가지고 있음",
            ),
        ),
        "closed": (
            Verdict.HOLDS,
            Text(
                "the UK's key does not open it, and no byte of it is on the UK's disk",
                "영국의 키로는 열리지 않고, 영국의 디스크에는 내용이 한 바이트도 없음",
            ),
        ),
        "opened": (
            Verdict.HOLDS,
            Text("Korea reads {name}: {lines} lines", "한국이 {name}을(를) 읽음: {lines}줄"),
        ),
        "wrong": (
            Verdict.FAILS,
            Text("{what}: not as it should be", "{what}: 그래서는 안 됨"),
        ),
    },
)

TITLE = Text(
    "The company adds an annex that only Korea can open; the UK mirrors it closed",
    "기업이 한국만 열 수 있는 부속 자료를 더하고, 영국은 닫힌 채로 미러링",
)


def annex_step(demo: "Demonstration", issuer: str) -> None:
    """Run the step."""
    demo.step(TITLE, lambda: _annex(demo, issuer))


def _annex(demo: "Demonstration", issuer: str) -> list[Finding]:
    """AMBER from the company through Korea's node to the UK's mirror."""
    korea = demo.nodes["kr"]
    take_levels(korea.folder, ("CLEAR", "AMBER"), None)
    grant(korea.folder, issuer, demo.company_key.public.thumbprint, ("document",), None)
    parcel = Parcel("text/csv", "annex.csv", _lines().encode())
    about = About(
        issuer=issuer,
        subject="urn:uuid:6f1b2c7e-0000-4000-8000-000000000001",
        issued_at=int(time.time()),
        kind="document",
        sharing=Sharing.AMBER,
    )
    made = sign_encrypted_file(demo.company_key, about, parcel, korea.card.recipients())
    name = made.statement.payload.hex()
    (demo.root / "annex.sealed").write_bytes(made.file)
    with korea.client() as client:
        client.post("/entries", made.statement.raw, "application/cose", 65536)
        client.put_file(f"/blobs/{name}", demo.root / "annex.sealed")
    told = found("demo.annex.encrypted", size=len(made.file))
    return [
        told,
        made.statement.check_signature(),
        *_abroad(demo, made, parcel),
        *_at_home(demo, made, parcel),
    ]


def _abroad(demo: "Demonstration", made: WithFile, parcel: Parcel) -> list[Finding]:
    """What the UK has of it."""
    digest, name = made.statement.digest_hex, made.statement.payload.hex()
    demo.wait_for("uk", f"/statements/{digest}")
    demo.wait_for("uk", f"/blobs/{name}")
    with demo.nodes["uk"].client() as client:
        statement = Statement.from_bytes(client.fetch(f"/statements/{digest}", 65536))
        file = client.fetch(f"/blobs/{name}", 1 << 20)
    same = statement == made.statement and file == made.file
    closed = _open(demo, "uk", statement, file) is None and not _lies_in(demo.nodes["uk"].folder, parcel)
    return [
        found("demo.annex.mirrored", size=len(file)) if same else _wrong("the copy", "사본"),
        found("demo.annex.closed") if closed else _wrong("the UK can read it", "영국이 읽을 수 있음"),
    ]


def _at_home(demo: "Demonstration", made: WithFile, parcel: Parcel) -> list[Finding]:
    """Korea opens it with the key of its node."""
    opened = _open(demo, "kr", made.statement, made.file)
    if opened is None or opened.parcel != parcel:
        return [_wrong("Korea cannot read it", "한국이 읽지 못함")]
    lines = len(parcel.body.splitlines())
    return [opened.finding, found("demo.annex.opened", name=opened.parcel.name, lines=lines)]


def _open(demo: "Demonstration", whose: str, statement: Statement, file: bytes) -> Content | None:
    key = load_keychain(demo.nodes[whose].folder / "keys").encryption
    try:
        return open_content(statement, file, [] if key is None else [key])
    except NotForThisKey:
        return None


def _lies_in(folder: Path, parcel: Parcel) -> bool:
    """Whether any line of the annex is in a file of the node."""
    lines = parcel.body.splitlines()[1:]
    data = (path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return any(line in one for one in data for line in lines)


def _wrong(en: str, ko: str) -> Finding:
    return found("demo.annex.wrong", what=Text(en, ko))


def _lines() -> str:
    """Figures that are made up, like all figures of the demonstration."""
    header = "weakness,model,attempts,successes"
    return "\n".join(
        (header, *(f"unpublished-weakness-{n},demo-studio-1,400,{7 * n}" for n in range(1, 6)), "")
    )
