"""How a trust list is refused. Each attack on its distribution has a code of its own.

    BadInput
    ├── MetadataMalformed     not TUF metadata of the role asked for, or with keys we do not take
    └── RootDiffers           not the root whose fingerprint the operator was given
    Refused
    ├── ForeignKey            signed, and by no key of the role: anybody can make a key
    ├── TooFewSigned          signed by some of the role's keys, and not by enough of them
    ├── Mixed                 parts of different versions put together
    ├── Frozen                past its date: somebody may be holding a newer one back
    └── NotBootstrapped       no root was given by hand, and none is ever fetched first
    Conflict
    └── RolledBack            older than what was seen here before

The Update Framework 1.0.34, sections 5.3 to 5.7; names of the attacks as in its section 1.5.2.
"""

from haechi.errors import BadInput, Conflict, Refused
from haechi.words import Text

_ASK = Text(
    "do not use it; get the list from another node, and tell the list's signers",
    "사용하지 마세요. 다른 노드에서 목록을 받고 목록 서명자들에게 알리세요",
)


class MetadataMalformed(BadInput):
    """Not acceptable metadata; facts: role, why."""

    code = "network.trust.malformed"
    what = Text(
        "the {role} metadata of the trust list is not valid: {why}",
        "신뢰 목록의 {role} 메타데이터가 올바르지 않습니다: {why}",
    )
    hint = _ASK


class RootDiffers(BadInput):
    """The root is not the one whose fingerprint was given; facts: expected, got."""

    code = "network.trust.root-differs"
    what = Text(
        "this is another root: expected fingerprint {expected}, got {got}",
        "다른 루트입니다: 기대한 지문 {expected}, 받은 지문 {got}",
    )
    hint = Text(
        "ask for the fingerprint again over another channel: a call, a letter, an official journal",
        "전화, 서신, 관보처럼 다른 경로로 지문을 다시 확인하세요",
    )


class NotBootstrapped(Refused):
    """There is no root that was given by hand; facts: where."""

    code = "network.trust.no-root"
    what = Text(
        "no root of trust was given, and none is ever fetched: {where}",
        "신뢰의 루트가 주어지지 않았습니다. 루트는 결코 내려받지 않습니다: {where}",
    )
    hint = Text(
        "get root.json and its fingerprint from somebody you trust: haechi trust install --root root.json",
        "믿는 사람에게서 root.json과 지문을 받아 실행하세요: haechi trust install --root root.json",
    )


class ForeignKey(Refused):
    """Signed by keys that the role does not have (arbitrary software attack); facts: role, need, keys."""

    code = "network.trust.foreign-key"
    what = Text(
        "the {role} metadata is signed by no key of its role ({need} needed): {keys}",
        "{role} 메타데이터에 이 역할의 키로 된 서명이 없습니다 (필요한 수 {need}): {keys}",
    )
    hint = Text(
        "do not use it, and tell its signers; if you are making it, see who may sign: haechi trust status",
        "쓰지 말고 서명자들에게 알리세요. 만드는 중이면 누가 서명할 수 있는지 보세요: haechi trust status",
    )


class TooFewSigned(Refused):
    """Fewer signatures than the threshold; facts: role, need, got, missing (names of keys)."""

    code = "network.trust.threshold"
    what = Text(
        "the {role} metadata has {got} of {need} signatures; could still sign: {missing}",
        "{role} 메타데이터의 서명이 {need}개 중 {got}개뿐입니다. 서명할 수 있는 키: {missing}",
    )
    hint = Text(
        "have more of its signers run: haechi trust sign",
        "더 많은 서명자가 haechi trust sign 을 실행해야 합니다",
    )


class Mixed(Refused):
    """Parts of different versions (mix-and-match attack); facts: part, expected, got."""

    code = "network.trust.mixed"
    what = Text(
        "{part} is not the one that the rest of the list names: expected {expected}, got {got}",
        "{part}이(가) 목록의 나머지가 가리키는 것과 다릅니다: 기대값 {expected}, 받은 값 {got}",
    )
    hint = _ASK


class Frozen(Refused):
    """Past its date (freeze attack, or nobody renewed it); facts: role, expired, now (ISO dates)."""

    code = "network.trust.frozen"
    what = Text(
        "the {role} metadata expired on {expired}, and it is {now}: a newer list may be held back",
        "{role} 메타데이터가 {expired}에 만료되었고 지금은 {now}입니다. 새 목록이 가로막혔을 수 있습니다",
    )
    hint = Text(
        "ask another node; if all show the same, ask a keeper of the list to run: haechi trust refresh",
        "다른 노드에 물어보세요. 모두 같다면 목록 관리자에게 haechi trust refresh 를 요청하세요",
    )


class RolledBack(Conflict):
    """Older than what was seen here (rollback attack); facts: role, seen, got (versions)."""

    code = "network.trust.rollback"
    what = Text(
        "the {role} metadata is version {got}, and version {seen} was seen here before",
        "{role} 메타데이터가 {got}판인데, 이곳에서는 이미 {seen}판을 보았습니다",
    )
    hint = _ASK
