"""A trust list of three countries with every duty in it, made from names, so that a failing run repeats."""

import base64

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from tests.network.parties import COMPANY, Operator, ed25519_key, seed_of

from haechi.log.note import NoteKey, NoteSigner, SignatureType
from haechi.network.card import Label, encode_key
from haechi.network.trust.keys import KeyStatus, ListedKey
from haechi.network.trust.listing import Cosigner, ListedNode, Organisation, TrustList
from haechi.statement.keys import SigningKey
from haechi.statement.seal_keys import Recipient

KOREA, BRITAIN = Operator("kr"), Operator("uk")


def label(name: str) -> Label:
    return Label(en=name, ko="이름")


def statement_key(key: SigningKey, *kinds: str, history: tuple[KeyStatus, ...] = ()) -> ListedKey:
    return ListedKey(scope="statement", key=encode_key(key.public), kinds=kinds or ("*",), history=history)


def cosigner_key(name: str) -> NoteKey:
    return NoteSigner(name, SignatureType.COSIGNATURE_V1, ed25519_key(name).private).key  # type: ignore[arg-type]


def recipient(operator: Operator) -> Recipient:
    private = X25519PrivateKey.from_private_bytes(seed_of(f"{operator.name} hpke"))
    return Recipient.from_raw(private.public_key().public_bytes_raw())


def sealing(operator: Operator) -> str:
    return base64.b64encode(recipient(operator).cose_key).decode()


def listed_node(operator: Operator) -> ListedNode:
    card = operator.card()
    http = ed25519_key(f"{operator.name} http")
    return ListedNode(
        origin=card.origin,
        name=card.name,
        operator=card.issuer,
        url=f"https://{operator.name}.example",
        keys=(
            *(ListedKey(scope="checkpoint", key=vkey) for vkey in card.vkeys),
            *(ListedKey(scope="receipt", key=key) for key in card.receipt_keys),
            ListedKey(scope="http", key=encode_key(http.public)),
            ListedKey(scope="encryption", key=sealing(operator)),
        ),
    )


def listed_cosigner(duty: str, name: str, operator: str) -> Cosigner:
    scoped = ListedKey(scope=duty, key=cosigner_key(name).vkey)  # type: ignore[arg-type]
    return Cosigner(name=name, duty=duty, operator=operator, keys=(scoped,))  # type: ignore[arg-type]


def organisation(operator: Operator, country: str, role: str = "institute") -> Organisation:
    return Organisation(
        issuer=operator.issuer,
        name=label(operator.name),
        role=role,  # type: ignore[arg-type]
        country=country,
        keys=(statement_key(operator.key),),
    )


COMPANY_LISTED = Organisation(
    issuer=COMPANY,
    name=Label(en="Example Company", ko="예시 회사"),
    role="company",
    size="startup",
    country="KR",
    keys=(statement_key(ed25519_key(COMPANY), "document", "content_mark"),),
)
LISTED = TrustList(
    name=Label(en="A network", ko="네트워크"),
    organisations=(organisation(KOREA, "KR"), organisation(BRITAIN, "GB"), COMPANY_LISTED),
    nodes=(listed_node(KOREA), listed_node(BRITAIN)),
    cosigners=(
        listed_cosigner("witness", "uk.example/witness", BRITAIN.issuer),
        listed_cosigner("mirror", "uk.example/mirror", BRITAIN.issuer),
    ),
)


def with_company(listed: TrustList = LISTED, **fields: object) -> TrustList:
    """The list with other facts about the company."""
    return with_organisation(msgspec.structs.replace(COMPANY_LISTED, **fields), listed)


def with_organisation(changed: Organisation, listed: TrustList = LISTED) -> TrustList:
    others = tuple(one for one in listed.organisations if one.issuer != changed.issuer)
    return msgspec.structs.replace(listed, organisations=(*others, changed))


def with_company_key(*history: KeyStatus) -> TrustList:
    """The list with this history of the company's key."""
    key = statement_key(ed25519_key(COMPANY), "document", "content_mark", history=history)
    return with_company(keys=(key,))
