"""What a trust list says and what changes from one to the next, for people and programs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from haechi.cli.options import tr
from haechi.cli.out import Out, locale_lang
from haechi.words import Lang, Text

if TYPE_CHECKING:
    from haechi.network.trust.keys import KeyStatus, ListedKey
    from haechi.network.trust.listing import TrustList
    from haechi.network.trust.metadata import Verified

_STATUS = {
    "active": Text("in use from entry {at} of {log}", "{log}의 {at}번 항목부터 사용"),
    "retired": Text("out of use from entry {at} of {log}", "{log}의 {at}번 항목부터 종료"),
    "revoked": Text("revoked from entry {at} of {log}", "{log}의 {at}번 항목부터 철회"),
}


class Change(NamedTuple):
    """One difference. what: the section of the list; name: whose; detail: which fields, or which key."""

    how: Literal["added", "changed", "removed"]
    what: str
    name: str
    detail: str = ""


_HOW = {
    "added": Text("added", "추가"),
    "changed": Text("changed", "변경"),
    "removed": Text("removed", "삭제"),
}


def show_list(out: Out, trust_list: "TrustList", verified: "Verified | None") -> None:
    """The list in three tables, and who signs it."""
    import msgspec

    told: dict[str, object] = {"list": msgspec.to_builtins(trust_list), "digest": trust_list.digest().hex()}
    if verified is not None:
        told["signed"] = _signed(verified)
    out.data(told)
    lang = out.lang
    out.heading(Text(trust_list.name.en, trust_list.name.ko).say(lang))
    if verified is not None:
        show_signers(out, verified)
    from haechi.network.trust.listing import SIZE
    from haechi.statement.kinds.key_event import ROLE, SCOPE

    for one in trust_list.organisations:
        role = (SIZE[one.size] if one.size else ROLE[one.role]).say(lang)
        rows = [
            (tr("name", "이름"), Text(one.name.en, one.name.ko).say(lang)),
            (tr("role", "역할"), f"{role}, {one.country}"),
            (tr("speaks for", "대표"), ", ".join((one.issuer, *one.parties))),
        ]
        out.pairs(one.issuer, [*rows, _keys(one.keys, lang)])
    for node in trust_list.nodes:
        rows = [(tr("log of", "로그 운영자"), node.operator), (tr("address", "주소"), node.url or "-")]
        out.pairs(node.origin, [*rows, _keys(node.keys, lang)])
    for cosigner in trust_list.cosigners:
        duty = SCOPE[cosigner.duty].say(lang)
        out.pairs(cosigner.name, [(duty, cosigner.operator), _keys(cosigner.keys, lang)])


def show_changes(out: Out, old: "TrustList", new: "TrustList") -> None:
    """Every difference on a line; refuses nothing, but says when the new list forgets something."""
    changes = list(_changes(old, new))
    out.data([change._asdict() for change in changes])
    if not changes:
        out.say(Text("the two lists say the same", "두 목록의 내용이 같습니다"))
    for change in changes:
        out.say(
            Text("{how}: {what} {name} {detail}", "{how}: {what} {name} {detail}"),
            how=_HOW[change.how].say(out.lang),
            what=change.what,
            name=change.name,
            detail=change.detail,
        )


def _changes(old: "TrustList", new: "TrustList") -> Iterator[Change]:
    sections = (
        (
            tr("organisation", "기관"),
            {one.issuer: one for one in old.organisations},
            {one.issuer: one for one in new.organisations},
        ),
        (tr("log", "로그"), {one.origin: one for one in old.nodes}, {one.origin: one for one in new.nodes}),
        (
            tr("cosigner", "공동 서명자"),
            {one.name: one for one in old.cosigners},
            {one.name: one for one in new.cosigners},
        ),
    )
    if old.name != new.name:
        yield Change("changed", tr("name", "이름"), new.name.en)
    for what, before, after in sections:
        for name in sorted(before.keys() | after.keys()):
            yield from _changed(what, name, before.get(name), after.get(name))


def _changed(what: str, name: str, old: object, new: object) -> Iterator[Change]:
    import msgspec

    if new is None:
        yield Change("removed", what, name)
        return
    if old is None:
        yield Change("added", what, name)
    keys_before: dict[str, ListedKey] = {key.key: key for key in getattr(old, "keys", ())}
    keys_after: dict[str, ListedKey] = {key.key: key for key in getattr(new, "keys", ())}
    if old is not None:
        fields = [
            field
            for field in msgspec.structs.asdict(new)  # type: ignore[arg-type]
            if field != "keys" and getattr(old, field) != getattr(new, field)
        ]
        if fields:
            yield Change("changed", what, name, ", ".join(fields))
    for text in sorted(keys_before.keys() | keys_after.keys()):
        before, after = keys_before.get(text), keys_after.get(text)
        if after is None and before is not None:
            yield Change("removed", tr("key of", "키 소유자"), name, _name_of(before))
        elif after is not None and before is None:
            yield Change("added", tr("key of", "키 소유자"), name, _name_of(after))
        elif after is not None and after != before:
            yield Change("changed", tr("key of", "키 소유자"), name, _key(after, locale_lang()))


def _keys(keys: "tuple[ListedKey, ...]", lang: Lang) -> tuple[str, str]:
    return tr("keys", "키"), "\n".join(_key(key, lang) for key in keys) or "-"


def _key(key: "ListedKey", lang: Lang) -> str:
    history = "; ".join(_status(one, lang) for one in key.history)
    kinds = "" if key.kinds == ("*",) else f" [{', '.join(key.kinds)}]"
    return f"{_name_of(key)}{kinds}{' - ' + history if history else ''}"


def _status(one: "KeyStatus", lang: Lang) -> str:
    told = _STATUS[one.status].say(lang, at=one.from_index, log=one.log)
    if one.doubtful_from is None:
        return told
    doubt = Text("in doubt from entry {at}", "{at}번 항목부터 의심").say(lang, at=one.doubtful_from)
    return f"{told} ({doubt})"


def _name_of(key: "ListedKey") -> str:
    from haechi.network.trust.keys import VKEY_SCOPES

    if key.scope in VKEY_SCOPES:
        note = key.note_key()
        return f"{key.scope} {note.key_id.hex()} ({note.type.name})"
    if key.scope == "encryption":
        return f"{key.scope} X25519 {key.recipient().raw.hex()[:16]}"
    return f"{key.scope} {key.public().family} {key.public().thumbprint.hex()[:16]}"


def _signed(verified: "Verified") -> dict[str, object]:
    from haechi.network.trust.metadata import fingerprint
    from haechi.network.trust.signers import from_tuf

    root = verified.root
    return {
        "first_root": fingerprint(verified.held.roots[0]),
        "root": root.version,
        "version": verified.targets.version,
        "expires": verified.expires.isoformat(),
        "roles": {
            name: {
                "threshold": role.threshold,
                "keys": [from_tuf(root.keys[keyid]).thumbprint.hex() for keyid in role.keyids],
                "signed": _who_signed(verified, name),
            }
            for name, role in root.roles.items()
        },
    }


def _who_signed(verified: "Verified", role: str) -> list[str]:
    """Thumbprints of the role's keys with a good signature under the part of it that is published."""
    from typing import cast

    from haechi.network.trust.ceremony import progress
    from haechi.network.trust.metadata import RoleName

    held = verified.held
    raw = held.roots[-1] if role == "root" else cast("bytes", getattr(held, role))
    return [*progress(cast("RoleName", role), raw, [verified.root])[0].signed]


def show_published(out: Out, verified: "Verified") -> None:
    """What is published: versions, until when it is good, and who signed each part of it."""
    expired = verified.expires <= datetime.now(UTC)
    out.data({"published": {**_signed(verified), "expired": expired}, "draft": None})
    show_signers(out, verified)
    out.say(Text("There is no draft; this is what is published.", "초안은 없으며, 위는 게시된 내용입니다."))
    if expired:
        out.say(
            Text(
                "It has expired, and readers refuse it: run `haechi trust refresh`, or publish a new version "
                "where the root or the list itself is too old.",
                "유효 기한이 지나 읽는 쪽이 거부합니다. `haechi trust refresh` 하거나, "
                "루트나 목록 자체가 오래되었으면 새 판을 게시하세요.",
            )
        )


def show_signers(out: Out, verified: "Verified") -> None:
    """Who may sign what under the newest root, how many must, and which versions are in use."""
    told = _signed(verified)
    rows: list[tuple[str, str]] = [
        (tr("first root", "첫 루트"), str(told["first_root"])),
        (tr("root version", "루트 판"), str(verified.root.version)),
        (tr("list version", "목록 판"), str(verified.targets.version)),
        (tr("good until", "유효 기한"), verified.expires.date().isoformat()),
    ]
    from haechi.network.trust.signers import from_tuf

    for name, role in verified.root.roles.items():
        keys = [from_tuf(verified.root.keys[keyid]).thumbprint.hex() for keyid in role.keyids]
        need = Text("{need} of {all}", "{all}개 중 {need}개").say(
            out.lang, need=role.threshold, all=len(keys)
        )
        signed = _who_signed(verified, name)
        marked = [f"{'✔' if key in signed else ' '} {key}" for key in sorted(keys)]
        rows.append((name, "\n".join((need, *marked))))
    out.pairs(tr("Signed by", "서명"), rows)
