"""Witness policies: which cosigners a reader counts, and how many must have signed (c2sp.org/tlog-policy).

    BadInput
    └── WitnessPolicyMalformed    not such a file; the line is named

A checkpoint that too few witnesses cosigned is *unwitnessed*: nothing is wrong with it, and a reader who
asked for a quorum does not rely on it. Publishing waits for nobody; verification does.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Self

from haechi.errors import BadInput, Refused, TooLarge
from haechi.findings import Finding, Verdict, declare, found
from haechi.log.canonical import shorten
from haechi.log.cosignature import Told, TreeHead, claims_on
from haechi.log.note import LineInvalid, Note, NoteKey, SignatureType, verify_all
from haechi.words import Text

MAX_POLICY_BYTES = 1 << 20
MAX_NAMES = 512
MAX_AGE_S = 24 * 3600
MAX_SKEW_S = 300  # how far ahead of the reader's clock a witness's clock may be
NONE = "none"
LISTED = "listed:"  # in place of a vkey: the keys that a trust list has under this name
_SHORT = {SignatureType.COSIGNATURE_V1: "ed25519", SignatureType.ML_DSA_44: "ml-dsa-44"}
_ALLOWED = frozenset({0x09, 0x0A, *range(0x20, 0x7F), *range(0x80, 0x100)})


class WitnessPolicyMalformed(BadInput):
    """Not a policy file; facts: line (its number), why."""

    code = "log.witness-policy-malformed"
    what = Text("line {line} of the witness policy: {why}", "증인 정책 {line}번째 줄: {why}")
    hint = Text(
        "correct the line; `haechi witness policy` writes a policy from the pinned nodes",
        "줄을 고치세요. `haechi witness policy` 는 고정된 노드로 정책을 만들어 줍니다",
    )


UNMET = ("log.quorum.unwitnessed", "log.quorum.out-of-use")

declare(
    "log.quorum",
    Text("Witnesses saw the same log", "증인들이 같은 로그를 보았는지 여부"),
    {
        "met": (
            Verdict.HOLDS,
            Text(
                "{origin} at {size} entries: cosigned by {by}; the newest at {newest}",
                "{origin} 항목 {size}개: {by}이(가) 공동 서명함. 가장 최근은 {newest}",
            ),
        ),
        "later": (
            Verdict.HOLDS,
            Text(
                "entry {index} of {origin} is also in the tree of {size} entries that the witnesses cosigned",
                "{origin}의 {index}번 항목은 증인들이 공동 서명한 항목 {size}개의 트리에도 있음",
            ),
        ),
        "not-asked": (
            Verdict.HOLDS,
            Text(
                "no quorum is asked for; {origin} at {size} entries is cosigned by {by}",
                "정족수를 요구하지 않음. {origin} 항목 {size}개의 공동 서명자: {by}",
            ),
        ),
        "unwitnessed": (
            Verdict.UNDECIDED,
            Text(
                "unwitnessed: {origin} at {size} entries is cosigned by {by}, and {quorum} is asked for",
                "입회되지 않음: {origin} 항목 {size}개의 공동 서명자는 {by}이며, 필요한 정족수는 {quorum}",
            ),
        ),
        "out-of-use": (
            Verdict.UNDECIDED,
            Text(
                "{origin} at {size} entries: {quorum} is asked for, {by} counts; out of use by then: {ended}",
                "{origin} 항목 {size}개: 정족수 {quorum}, 인정되는 서명자 {by}. 이미 못 쓰는 키: {ended}",
            ),
        ),
        "invalid": (Verdict.FAILS, LineInvalid.what),
    },
)
declare(
    "log.fresh",
    Text("The newest cosignature is recent", "최근 공동 서명이 새것인지 여부"),
    {
        "recent": (
            Verdict.HOLDS,
            Text(
                "a witness saw {origin} {age_h} h ago, within {limit_h} h",
                "증인이 {origin}을(를) {age_h}시간 전에 봄 (한도 {limit_h}시간)",
            ),
        ),
        "stale": (
            Verdict.UNDECIDED,
            Text(
                "stale: the newest cosignature on {origin} is {age_h} h old, more than {limit_h} h",
                "오래됨: {origin}의 가장 최근 공동 서명이 {age_h}시간 전으로 한도 {limit_h}시간을 넘음",
            ),
        ),
        "unseen": (
            Verdict.UNDECIDED,
            Text("no witness has cosigned {origin} yet", "{origin}에 공동 서명한 증인이 아직 없음"),
        ),
        "aged": (
            Verdict.HOLDS,
            Text(
                "witnessed as of {newest}, {age_h} h ago; what {origin} did since is not told here",
                "{newest} 기준으로 입회됨({age_h}시간 전). {origin}의 그 뒤 일은 여기에서 알 수 없음",
            ),
        ),
    },
)


class LogLine(NamedTuple):
    """A known log: its key (named as its origin) and where it answers, if that is told."""

    key: NoteKey
    url: str


class WitnessLine(NamedTuple):
    """A known witness: its name in this file, its key, and its submission prefix, if that is told."""

    name: str
    key: NoteKey
    url: str


class Group(NamedTuple):
    """`needed` of `members` (witnesses or groups, by name) make the group."""

    name: str
    needed: int
    members: tuple[str, ...]


class Cosigned(NamedTuple):
    """A key that cosigned, and the newest time it states (POSIX seconds)."""

    key: NoteKey
    time_s: int


Counts = Callable[[NoteKey, TreeHead], bool]
"""Whether a cosignature by this key counts for a head: what a trust list says of it at that place."""


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    r"""Known logs and witnesses, and the quorum. Made by `parse`; names and keys are each used once.

    counts: which keys count where; without it all count everywhere.

    >>> WitnessPolicy.parse(b"quorum none\n").met([])
    True
    """

    logs: tuple[LogLine, ...] = ()
    witnesses: tuple[WitnessLine, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE
    counts: Counts | None = None

    @classmethod
    def parse(cls, raw: bytes, listed: Mapping[str, Sequence[NoteKey]] | None = None) -> Self:
        """The policy in a file; raises TooLarge, WitnessPolicyMalformed.

        listed: the keys of witnesses and mirrors in a trust list by name, for lines that say `listed:NAME`
        where C2SP has a vkey. Such a witness cosigned when any of its keys did.
        """
        if len(raw) > MAX_POLICY_BYTES:
            raise TooLarge(what_is=Text("witness policy", "증인 정책"), limit=MAX_POLICY_BYTES, got=len(raw))
        reading = _Reading(listed)
        for number, line in enumerate(raw.split(b"\n"), 1):
            try:
                reading.take(line)
            except _Misfit as error:
                raise WitnessPolicyMalformed(line=number, why=error.why) from error
        if reading.quorum is None:
            why = Text("a policy has exactly one quorum line", "정책에는 quorum 줄이 꼭 하나 있어야 함")
            raise WitnessPolicyMalformed(line=raw.count(b"\n") + 1, why=why)
        return cls(
            tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups.values()), reading.quorum
        )

    def encode(self) -> bytes:
        """A file that `parse` reads as this policy."""
        lines = [" ".join(filter(None, ("log", log.key.vkey, log.url))) for log in self.logs]
        lines += [" ".join(filter(None, ("witness", w.name, w.key.vkey, w.url))) for w in self.witnesses]
        lines += [f"group {group.name} {group.needed} {' '.join(group.members)}" for group in self.groups]
        return "".join(f"{line}\n" for line in [*lines, f"quorum {self.quorum}"]).encode(
            "utf-8", "surrogateescape"
        )

    @property
    def keys(self) -> list[NoteKey]:
        """The keys of all witnesses."""
        return [witness.key for witness in self.witnesses]

    def counting(self, signed: Iterable[Cosigned], head: TreeHead) -> list[Cosigned]:
        """Those of `signed` whose keys count for this head."""
        return [one for one in signed if self.counts is None or self.counts(one.key, head)]

    def met(self, signed: Collection[NoteKey]) -> bool:
        """Whether cosignatures by these keys make the quorum."""
        if self.quorum == NONE:
            return True
        have = {witness.name: witness.key in signed for witness in self.witnesses}
        for group in self.groups:  # each refers to earlier names only
            have[group.name] = sum(have[member] for member in group.members) >= group.needed
        return have[self.quorum]

    def asked(self) -> str:
        """The quorum in words that read the same in both languages: `2 of kr, uk, sg`."""
        group = next((group for group in self.groups if group.name == self.quorum), None)
        return self.quorum if group is None else f"{group.needed} / {len(group.members)} ({self.quorum})"


def default_quorum(count: int) -> int:
    """How many of `count` witnesses make a quorum when (count - 1) // 3 of them may lie.

    Any two such quorums share an honest witness: k > (n + f) / 2.

    >>> [default_quorum(n) for n in (1, 2, 3, 4, 10)]
    [1, 2, 2, 3, 7]
    """
    return (count + (count - 1) // 3) // 2 + 1


def cosigners(note: Note, head: TreeHead, keys: Sequence[NoteKey], now: int | None = None) -> list[Cosigned]:
    """The `keys` that cosigned `head` in `note`, each once with its newest time.

    now: POSIX seconds; cosignatures more than 5 minutes ahead of it, or with time 0, are not counted: they
    say nothing about what was seen until now. Raises LineInvalid for a known key's line that does not verify.
    """
    told = Told(head.origin, head.size, head.root, head.text)
    claimed = claims_on(note, told, [key for key in keys if key.type is not SignatureType.ED25519])
    times: dict[NoteKey, int] = {}
    for (key, time_s, _), holds in zip(claimed, verify_all([one.claim for one in claimed]), strict=True):
        if not holds:
            raise LineInvalid(name=key.name, key_id=key.key_id.hex())
        if time_s and (now is None or time_s <= now + MAX_SKEW_S):
            times[key] = max(time_s, times.get(key, 0))
    return [Cosigned(key, time_s) for key, time_s in times.items()]


def check_quorum(
    note: Note, head: TreeHead, policy: WitnessPolicy, now: int
) -> tuple[Finding, list[Cosigned]]:
    """Whether `policy` is met by the cosignatures in `note`, and who cosigned.

    log.quorum.met, .not-asked (HOLDS), .unwitnessed, .out-of-use (UNDECIDED), .invalid (FAILS).
    """
    try:
        every = cosigners(note, head, policy.keys, now)
    except Refused as error:
        return found("log.quorum.invalid", **error.facts), []
    signed = policy.counting(every, head)
    facts: dict[str, object] = {"origin": head.origin, "size": head.size, "by": _names(policy, signed)}
    if policy.quorum == NONE:
        return found("log.quorum.not-asked", **facts), signed
    if not policy.met({one.key for one in signed}):
        if ended := [one for one in every if one not in signed]:
            facts["ended"] = _names(policy, ended)
            return found("log.quorum.out-of-use", quorum=policy.asked(), **facts), signed
        return found("log.quorum.unwitnessed", quorum=policy.asked(), **facts), signed
    return found("log.quorum.met", newest=iso(max(one.time_s for one in signed)), **facts), signed


def check_fresh(origin: str, newest_s: int | None, now: int) -> Finding:
    """Whether the newest cosignature (POSIX seconds) on a log that is looked at now is at most 24 h old."""
    if newest_s is None:
        return found("log.fresh.unseen", origin=origin)
    outcome = "recent" if now - newest_s <= MAX_AGE_S else "stale"
    return found(
        f"log.fresh.{outcome}", origin=origin, age_h=_hours(now - newest_s), limit_h=MAX_AGE_S // 3600
    )


def check_as_of(origin: str, newest_s: int, now: int) -> Finding:
    """How old the newest cosignature in a file is: recent, or aged, which lessens nothing that it proves."""
    if now - newest_s <= MAX_AGE_S:
        return check_fresh(origin, newest_s, now)
    return found("log.fresh.aged", origin=origin, newest=iso(newest_s), age_h=_hours(now - newest_s))


def iso(unix_s: int) -> str:
    """A time for people of every language; the number itself where no calendar reaches."""
    try:
        return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return str(unix_s)


def _hours(seconds: int) -> int:
    return max(0, seconds) // 3600


def _names(policy: WitnessPolicy, signed: Sequence[Cosigned]) -> str:
    by_key = {witness.key: witness.name for witness in policy.witnesses}
    return ", ".join(by_key[one.key] for one in signed) or "-"


class _Misfit(Exception):
    def __init__(self, en: str, ko: str) -> None:
        super().__init__(en)
        self.why = Text(en, ko)


class _Reading:
    """The policy as far as its lines were read."""

    def __init__(self, listed: Mapping[str, Sequence[NoteKey]] | None) -> None:
        self._listed = listed
        self.logs: list[LogLine] = []
        self.witnesses: list[WitnessLine] = []
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._names: set[str] = set()
        self._members: set[str] = set()
        self._keys: dict[str, set[bytes]] = {"log": set(), "witness": set()}

    def take(self, line: bytes) -> None:
        """Read one line; raises _Misfit."""
        if not _ALLOWED.issuperset(line):
            raise _Misfit("it holds a control character", "제어 문자가 있음")
        # Names are opaque octets; surrogates carry what is no UTF-8 and come back as they were.
        words = line.decode("utf-8", "surrogateescape").replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            return
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                self.logs.append(LogLine(self._key("log", vkey), "".join(url)))
            case ["witness", name, word, *url] if word.startswith(LISTED) and len(url) <= 1:
                self._listed_witness(name, word.removeprefix(LISTED), "".join(url))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                key = self._key("witness", vkey)
                self._new(name)
                self.witnesses.append(WitnessLine(name, key, "".join(url)))
            case ["group", name, needed, *members] if members:
                self._group(name, needed, tuple(members))
            case ["quorum", name]:
                self._quorum(name)
            case _:
                shown = shorten(line.decode("utf-8", "replace"))
                raise _Misfit(f"not a line of a policy: {shown}", f"정책의 줄이 아님: {shown}")

    def _key(self, role: str, vkey: str) -> NoteKey:
        try:
            key = NoteKey.parse(vkey)
        except BadInput as error:
            raise _Misfit(error.say("en"), error.say("ko")) from error
        return self._once(role, key)

    def _listed_witness(self, name: str, entry: str, url: str) -> None:
        if self._listed is None:
            raise _Misfit("a listed witness needs a trust list", "목록의 증인에는 신뢰 목록이 필요함")
        keys = [self._once("witness", key) for key in self._listed.get(entry, ())]
        if not keys:
            raise _Misfit(
                f"the trust list has no keys of a witness or mirror {shorten(entry)}",
                f"신뢰 목록에 증인이나 미러 {shorten(entry)}의 키가 없음",
            )
        lines = [WitnessLine(f"{name}#{at}", key, url) for at, key in enumerate(keys, 1)]
        for word in (name, *(line.name for line in lines)):
            self._new(word)
        self._members.update(line.name for line in lines)
        self.witnesses += lines
        self.groups[name] = Group(name, 1, tuple(line.name for line in lines))

    def _once(self, role: str, key: NoteKey) -> NoteKey:
        plain = key.type is SignatureType.ED25519
        if role == "witness" and plain:
            raise _Misfit("a witness signs with type 4 or 6", "증인의 키 종류는 4 또는 6이어야 함")
        if key.public in self._keys[role]:
            raise _Misfit("this key is listed already", "이미 적힌 키임")
        if len(self._keys[role]) >= MAX_NAMES:
            raise _Misfit(f"more than {MAX_NAMES} keys", f"키가 {MAX_NAMES}개를 넘음")
        self._keys[role].add(key.public)
        return key

    def _new(self, name: str) -> None:
        if name == NONE or name in self._names:
            raise _Misfit(f"the name {shorten(name)} is taken", f"{shorten(name)}은(는) 이미 쓰인 이름임")
        self._names.add(name)

    def _group(self, name: str, needed: str, members: tuple[str, ...]) -> None:
        for member in members:
            if member not in self._names:
                raise _Misfit(f"no {shorten(member)} on a line before", f"앞에 {shorten(member)}이(가) 없음")
            if member in self._members:
                raise _Misfit(
                    f"{shorten(member)} is in a group already", f"{shorten(member)}은(는) 이미 그룹에 있음"
                )
            self._members.add(member)
        if len(self.groups) >= MAX_NAMES:
            raise _Misfit(f"more than {MAX_NAMES} groups", f"그룹이 {MAX_NAMES}개를 넘음")
        self._new(name)
        self.groups[name] = Group(name, _threshold(needed, len(members)), members)

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise _Misfit("a second quorum line", "quorum 줄이 두 번째임")
        if name != NONE and name not in self._names:
            raise _Misfit(f"no {shorten(name)} on a line before", f"앞에 {shorten(name)}이(가) 없음")
        self.quorum = name


def _threshold(word: str, count: int) -> int:
    words: Mapping[str, int] = {"any": 1, "all": count}
    if word in words:
        return words[word]
    decimal = word.isascii() and word.isdigit() and len(word) <= 3 and not word.startswith("0")
    if not decimal or not 1 <= int(word) <= count:
        raise _Misfit(
            f"a group needs any, all or 1 to {count}, got {shorten(word)}",
            f"그룹에는 any, all 또는 1~{count}이(가) 필요함. 받은 값 {shorten(word)}",
        )
    return int(word)


def policy_of_nodes(nodes: Iterable[tuple[str, Sequence[NoteKey], str]], quorum: int | None) -> WitnessPolicy:
    """A policy in which each node is one witness, whichever of its keys signed.

    nodes: (name in the file, its cosigning keys, its submission prefix). quorum: how many nodes must have
    cosigned, 0: none need to; None: `default_quorum`. Without nodes the quorum is `none`.
    """
    witnesses: list[WitnessLine] = []
    groups: list[Group] = []
    for name, keys, url in nodes:
        if not keys:
            continue
        lines = [
            WitnessLine(f"{name}#{word}", key, url) for word, key in zip(_words(keys), keys, strict=True)
        ]
        witnesses += lines
        groups.append(Group(name, 1, tuple(line.name for line in lines)))
    needed = default_quorum(len(groups)) if quorum is None else quorum
    if not groups and not needed:
        return WitnessPolicy()
    if needed == 0:
        return WitnessPolicy((), tuple(witnesses), tuple(groups))
    whole = Group("quorum", needed, tuple(group.name for group in groups))
    # Parsed once more, so that a quorum out of range is refused in the words of a file.
    return WitnessPolicy.parse(WitnessPolicy((), tuple(witnesses), (*groups, whole), whole.name).encode())


def _words(keys: Sequence[NoteKey]) -> list[str]:
    """A word for each key of one node: its type, and a number from the second key of that type on."""
    seen: Counter[SignatureType] = Counter()
    words: list[str] = []
    for key in keys:
        seen[key.type] += 1
        words.append(_SHORT[key.type] + (f"-{seen[key.type]}" if seen[key.type] > 1 else ""))
    return words
