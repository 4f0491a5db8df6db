"""The verbs of `haechi trust` that write the list file, so that nobody copies keys by hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from haechi.cli.files import read_file, write_file
from haechi.cli.options import Json, tr
from haechi.cli.out import Out
from haechi.errors import BadInput, NotFound
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.network.card import NodeCard
    from haechi.network.trust.keys import KeyStatus, ListedKey
    from haechi.network.trust.listing import ListedNode, Organisation, TrustList

_File = Annotated[Path, typer.Argument(help=tr("the list file", "목록 파일"))]


class KeyAbsent(NotFound):
    """The list has no such key; facts: what_is, name."""

    code = "cli.no-listed-key"
    hint = Text(
        "see the keys with haechi trust inspect --file", "haechi trust inspect --file 로 키를 확인하세요"
    )


def add(
    listed: _File,
    card: Annotated[Path, typer.Option("--card", help=tr("node card to add", "추가할 노드 카드"))],
    fingerprint: Annotated[
        str, typer.Option("--fingerprint", "-f", help=tr("as its operator told you", "운영자가 알려 준 지문"))
    ],
    size: Annotated[
        str,
        typer.Option(
            "--size", help=tr("of a company: large, sme or startup", "기업 규모: large, sme, startup")
        ),
    ] = "",
    party: Annotated[
        list[str] | None,
        typer.Option(
            "--party", help=tr("party of the facts that it speaks for; repeat", "대표하는 당사자. 반복")
        ),
    ] = None,
    name: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--name", help=tr("name of a new list, in English and Korean", "새 목록의 이름 (영어, 한국어)")
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Add a node and the organisation that runs it, from its card; makes the file if there is none."""
    import msgspec

    from haechi.network.card import MAX_CARD_BYTES, Label, NodeCard
    from haechi.network.pins import FingerprintDiffers
    from haechi.network.trust.listing import Size, TrustList

    read = NodeCard.from_json(read_file(card, MAX_CARD_BYTES, Text("node card", "노드 카드")))
    if "".join(fingerprint.split()).lower() != read.fingerprint():
        raise FingerprintDiffers(origin=read.origin, expected=fingerprint, got=read.fingerprint())
    if listed.exists():
        trust_list = _read(listed)
    else:
        label = Label(en=name[0], ko=name[1]) if name else Label(en="Trust list", ko="신뢰 목록")
        trust_list = TrustList(name=label)
    grown = msgspec.structs.replace(
        trust_list,
        organisations=_with_organisation(
            trust_list, read, cast("Size | None", size or None), tuple(party or ())
        ),
        nodes=(*trust_list.nodes, _node(read)),
    )
    _write(Out(json), listed, grown)


def end(
    listed: _File,
    owner: Annotated[
        str, typer.Option("--owner", help=tr("issuer, log or cosigner", "발행자, 로그 또는 공동 서명자"))
    ],
    key: Annotated[
        str,
        typer.Option(
            "--key",
            "-k",
            help=tr("thumbprint, or key id of a vkey, in hex", "지문 또는 vkey의 키 id (16진수)"),
        ),
    ],
    log: Annotated[
        str, typer.Option("--log", help=tr("the log whose entries are counted", "항목을 세는 로그"))
    ],
    at: Annotated[
        int, typer.Option("--at", min=0, help=tr("first entry without it", "키를 쓰지 않는 첫 항목"))
    ],
    stolen: Annotated[
        bool, typer.Option("--revoke", help=tr("it was stolen or lost", "도난되었거나 분실됨"))
    ] = False,
    doubtful: Annotated[
        int | None,
        typer.Option(
            "--doubtful", min=0, help=tr("first entry that may be a thief's", "도난이 의심되는 첫 항목")
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write down from which entry on a key is out of use; what it signed before stays good."""
    import msgspec

    from haechi.network.trust.keys import KeyStatus

    told = KeyStatus(
        log=log, from_index=at, status="revoked" if stolen else "retired", doubtful_from=doubtful
    )
    trust_list, changed = _read(listed), False

    def ended(name: str, keys: "tuple[ListedKey, ...]") -> "tuple[ListedKey, ...]":
        nonlocal changed
        if name != owner or not any(_is(one, key) for one in keys):
            return keys
        changed = True
        return tuple(_ended(one, told) if _is(one, key) else one for one in keys)

    replace = msgspec.structs.replace
    grown = replace(
        trust_list,
        organisations=tuple(
            replace(one, keys=ended(one.issuer, one.keys)) for one in trust_list.organisations
        ),
        nodes=tuple(replace(one, keys=ended(one.origin, one.keys)) for one in trust_list.nodes),
        cosigners=tuple(replace(one, keys=ended(one.name, one.keys)) for one in trust_list.cosigners),
    )
    if not changed:
        raise KeyAbsent(what_is=Text(f"key of {owner}", f"{owner}의 키"), name=key)
    _write(Out(json), listed, grown)


def _ended(key: "ListedKey", told: "KeyStatus") -> "ListedKey":
    import msgspec

    return msgspec.structs.replace(key, history=(*key.history, told))


def _is(key: "ListedKey", named: str) -> bool:
    from haechi.network.trust.keys import VKEY_SCOPES

    if key.scope in VKEY_SCOPES:
        return key.note_key().key_id.hex() == named
    if key.scope == "encryption":
        return key.recipient().raw.hex() == named
    return key.public().thumbprint.hex() == named


def _with_organisation(
    trust_list: "TrustList",
    card: "NodeCard",
    size: "Literal['large', 'sme', 'startup'] | None",
    parties: tuple[str, ...],
) -> "tuple[Organisation, ...]":
    from haechi.network.trust.keys import ListedKey
    from haechi.network.trust.listing import SIZE, Organisation

    if size is not None and size not in SIZE:
        why = Text(
            f"no such size: {size}; there are {', '.join(SIZE)}",
            f"없는 규모: {size}. 있는 것: {', '.join(SIZE)}",
        )
        raise BadInput(why=why)
    if any(one.issuer == card.issuer for one in trust_list.organisations):
        return trust_list.organisations
    added = Organisation(
        issuer=card.issuer,
        name=card.name,
        role=card.role,
        size=size,
        country=card.country,
        parties=parties,
        keys=tuple(ListedKey(scope="statement", key=key) for key in card.issuer_keys),
    )
    return (*trust_list.organisations, added)


def _node(card: "NodeCard") -> "ListedNode":
    from haechi.network.trust.keys import ListedKey
    from haechi.network.trust.listing import ListedNode

    return ListedNode(
        origin=card.origin,
        name=card.name,
        operator=card.issuer,
        url=card.url,
        keys=(
            *(ListedKey(scope="checkpoint", key=vkey) for vkey in card.vkeys),
            *(ListedKey(scope="receipt", key=key) for key in card.receipt_keys),
            *(ListedKey(scope="encryption", key=key) for key in card.encryption_keys),
        ),
    )


def _read(path: Path) -> "TrustList":
    from haechi.network.trust.listing import MAX_LIST_BYTES, TrustList

    return TrustList.from_json(read_file(path, MAX_LIST_BYTES, Text("trust list", "신뢰 목록")))


def _write(out: Out, path: Path, trust_list: "TrustList") -> None:
    trust_list.check()
    write_file(path, trust_list.to_json())
    out.data({"file": str(path), "digest": trust_list.digest().hex(), "nodes": len(trust_list.nodes)})
    out.say(
        Text(
            "{path}: {organisations} organisation(s), {nodes} log(s)",
            "{path}: 기관 {organisations}곳, 로그 {nodes}개",
        ),
        path=str(path),
        organisations=len(trust_list.organisations),
        nodes=len(trust_list.nodes),
    )
