"""What `haechi sign` does for levels that not everybody may read: encrypt, or keep, and say where it lies."""

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from haechi.cli.misuse import WronglyUsed
from haechi.cli.out import Out
from haechi.errors import BadInput, NotFound
from haechi.words import Text

if TYPE_CHECKING:
    from haechi.statement.envelope import About, Statement
    from haechi.statement.header import Sharing
    from haechi.statement.keys import SigningKey
    from haechi.statement.parcel import Parcel
    from haechi.statement.seal_keys import Recipient


class Made(NamedTuple):
    """A statement, and what has to be kept or sent beside it. suffix: of that file's name."""

    statement: "Statement"
    beside: bytes | None = None
    suffix: str = ""


def level_of(text: str) -> "Sharing":
    """The sharing level of this name, in either case; raises BadInput."""
    from haechi.statement.header import Sharing

    if text.upper() not in list(Sharing):
        known = ", ".join(level.lower() for level in Sharing)
        why = Text(
            f"no sharing level {text!r}; there are {known}",
            f"{text!r} 공유 등급은 없음. 있는 것: {known}",
        )
        raise BadInput(why=why)
    return Sharing(text.upper())


def fresh_subject() -> str:
    """A name that says nothing: the subject stands in the open beside encrypted content."""
    return f"urn:uuid:{uuid.uuid4()}"


def find_recipients(names: list[str], pins: Path | None, trust: Path | None) -> "list[Recipient]":
    """The keys to encrypt to: `x25519:…` as it is, other names from pinned nodes and from the trust list.

    Raises RecipientMalformed, and NotFound for a name that no such node has, or only without such a key.
    """
    from haechi.cli.verification import load_list, load_trust
    from haechi.statement.seal_keys import PREFIX, Recipient

    found: list[Recipient] = []
    listed = load_list(trust)
    for name in names:
        if name.startswith(PREFIX):
            found.append(Recipient.from_text(name))
            continue
        cards = [card for card in load_trust(pins).nodes if name in (card.origin, card.issuer)]
        keys = [key for card in cards for key in card.recipients()]
        if listed is not None:
            known = listed.trust_list
            nodes = [one for one in known.nodes if name in (one.origin, one.operator)]
            keys += [key for one in nodes for key in known.encryption_keys(one.origin)]
        if not keys:
            raise NotFound(
                what_is=Text("pinned or listed encryption key", "고정되거나 목록에 있는 암호화 키"), name=name
            )
        found += keys
    return found


def sign_restricted(
    signer: "SigningKey", about: "About", parcel: "Parcel", recipients: "list[Recipient]"
) -> Made:
    """A statement at level AMBER, AMBER+STRICT or RED; a parcel without a name holds a claim."""
    from haechi.statement.header import ENCRYPTED
    from haechi.statement.sharing import sign_encrypted, sign_encrypted_file, sign_kept

    if about.sharing not in ENCRYPTED:
        kept = sign_kept(signer, about, parcel)
        return Made(kept.statement, kept.file, ".kept")
    if not recipients:
        why = Text(
            f"{about.sharing} content needs recipients: --to x25519:… or --to NODE",
            f"{about.sharing} 내용은 받는 이가 필요함: --to x25519:… 또는 --to NODE",
        )
        raise WronglyUsed(why=why, command="haechi sign")
    if not parcel.name:
        return Made(sign_encrypted(signer, about, parcel.body, recipients))
    sealed = sign_encrypted_file(signer, about, parcel, recipients)
    return Made(sealed.statement, sealed.file, ".sealed")


def write_beside(out: Out, made: Made, statement_file: Path) -> dict[str, str]:
    """Write the encrypted or kept file beside the statement, and say what it is for; its JSON form."""
    from haechi.network.durable import write_durably

    if made.beside is None:
        return {}
    path = statement_file.with_suffix(made.suffix)
    write_durably(path, made.beside)  # readable by its owner only: for RED this is the content itself
    told = {
        ".kept": Text(
            "kept: {file} - this is the content; it is not sent anywhere. Without it nobody can read it",
            "보관: {file} - 내용 자체이며 어디에도 보내지 않습니다. 없으면 아무도 읽을 수 없습니다",
        ),
        ".sealed": Text(
            "encrypted: {file} - send it along with `haechi submit --evidence`",
            "암호화: {file} - `haechi submit --evidence` 로 함께 보내세요",
        ),
    }
    out.say(told[made.suffix], file=str(path))
    return {made.suffix.removeprefix("."): str(path)}
