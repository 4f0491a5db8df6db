"""A node made of memory: what the pages ask of a real one, answered from lists and dicts."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

from haechi import facts
from haechi.answers import Engine, Item, Seen, item_of
from haechi.errors import BadInput
from haechi.facts import Facts
from haechi.findings import Finding, found
from haechi.log.frontier import Frontier
from haechi.log.merkle import leaf_hash
from haechi.node.pages import (
    Card,
    Count,
    Found,
    Issuer,
    IssuerKey,
    Log,
    Peer,
    Place,
    Sealed,
    Standing,
    Voucher,
)
from haechi.node.pages.reading import Content, content_of
from haechi.statement.claims import claim_of
from haechi.statement.envelope import Statement
from haechi.statement.kinds.policy import Policy

CHECKPOINTED = 1_790_000_000

VOICES = {"co.naver": frozenset({"naver.example"})}


class Book:
    """A node's logs in memory. `add` logs a statement; all else is asked by the pages."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._logs: dict[str, list[bytes]] = {card.origin: []}
        self._statements: dict[bytes, Statement] = {}
        self._serials: list[bytes] = []
        self._blobs: set[bytes] = set()
        self._pins: dict[str, str] = {}
        self.peers_now: list[Peer] = []
        self.failing: dict[bytes, Finding] = {}
        self.evidence: list[Item] = []

    def add(self, statement: Statement, origin: str | None = None, *, sealed: bool = False) -> bytes:
        log = self._logs.setdefault(origin or self._card.origin, [])
        log.append(statement.digest)
        if not sealed and statement.digest not in self._statements:
            self._statements[statement.digest] = statement
            self._serials.append(statement.digest)
        return statement.digest

    def hold(self, blob: bytes) -> None:
        self._blobs.add(blob)

    def pin(self, issuer: str, key: bytes) -> None:
        self._pins[issuer] = key.hex()

    @contextmanager
    def open(self) -> "Iterator[Book]":
        yield self

    def card(self) -> Card:
        return self._card

    @cached_property
    def _facts(self) -> Facts:
        return facts.load()

    def facts(self) -> Facts:
        return self._facts

    def log(self, origin: str | None = None) -> Log | None:
        origin = origin or self._card.origin
        if origin not in self._logs:
            return None
        tree = Frontier()
        for digest in self._logs[origin]:
            tree.append(leaf_hash(digest))
        own = origin == self._card.origin
        root = tree.root()
        return Log(
            origin=origin,
            where="own" if own else "mirror",
            size=len(self._logs[origin]),
            root=root,
            checkpoint=f"{origin}\n{len(self._logs[origin])}\n{root.hex()}\n\n— {origin} c2lnbmF0dXJl\n",
            published_at=CHECKPOINTED,
            vkeys=(f"{origin}+f00dcafe+AUy2XZyVgF8fAX6O0mKJZtWJzvTMrXUUDW4h8u0Lw3kV",),
            path="/log" if own else f"/mirrors/{hashlib.sha256(origin.encode()).hexdigest()}",
        )

    def entries(self, origin: str, before: int | None, limit: int) -> Sequence[Found | Sealed]:
        log = self._logs[origin]
        end = len(log) if before is None else min(before, len(log))
        return [self._entry(log[index]) for index in range(end - 1, max(-1, end - 1 - limit), -1)]

    def latest(self, limit: int) -> Sequence[Found]:
        return [self._found(digest) for digest in reversed(self._serials[-limit:])]

    def statement(self, digest: bytes) -> Found | Sealed | None:
        return self._entry(digest) if self._places(digest) else None

    def checks(self, found_here: Found) -> Mapping[str, Sequence[Finding]]:
        return {
            place.origin: [
                found("log.inclusion.valid", index=place.index, size=len(self._logs[place.origin])),
                self.failing.get(
                    found_here.statement.digest,
                    found(
                        "log.receipt.valid",
                        origin=place.origin,
                        index=place.index,
                        size=len(self._logs[place.origin]),
                    ),
                ),
            ]
            for place in found_here.places
        }

    def about(self, digest: bytes, limit: int) -> Sequence[Found]:
        naming = (other for other in self._serials if digest in self._named(other))
        return [self._found(other) for other in naming][:limit]

    def has_blob(self, digest: bytes) -> bool:
        return digest in self._blobs

    def issuer(self, name: str) -> Issuer | None:
        said = [each for each in self._statements.values() if each.about.issuer == name]
        if not said:
            return None
        keys = tuple(
            IssuerKey(
                thumbprint=kid,
                family=None,
                kinds=tuple(sorted({each.about.kind for each in said})),
                vouchers=tuple(self._vouchers(name, kid)),
            )
            for kid in dict.fromkeys(each.kid for each in said)
        )
        return Issuer(issuer=name, name=None, keys=keys, statements=len(said))

    def statements_of(self, issuer: str, before: int | None, limit: int) -> Sequence[Found]:
        said = (self._found(digest) for digest in reversed(self._serials))
        mine = [each for each in said if each.statement.about.issuer == issuer]
        return [each for each in mine if before is None or each.serial < before][:limit]

    def peers(self) -> Sequence[Peer]:
        return self.peers_now

    def engine(self) -> Engine:
        """What the statements here can serve for; the company speaks for its party."""
        engine = Engine(self._facts, checkers=("openwatch.example",))
        for digest, statement in self._statements.items():
            seen = Seen(logs=tuple(place.origin for place in self._places(digest)))
            try:
                claim = claim_of(statement, self._facts)
            except BadInput:
                continue
            item = item_of(statement, claim, seen, self._facts, voices=VOICES)
            if item is not None:
                engine.put(item)
        for item in self.evidence:
            engine.put(item)
        return engine

    def counts(self) -> Mapping[str, Count]:
        own, mirrored = Counter[str](), Counter[str]()
        for digest, statement in self._statements.items():
            here = any(place.where == "own" for place in self._places(digest))
            (own if here else mirrored)[statement.about.kind] += 1
        return {kind: Count(own=own[kind], mirrored=mirrored[kind]) for kind in own | mirrored}

    def _entry(self, digest: bytes) -> Found | Sealed:
        return self._found(digest) if digest in self._statements else Sealed(digest, self._places(digest))

    def _found(self, digest: bytes) -> Found:
        return Found(
            statement=self._statements[digest],
            serial=self._serials.index(digest),
            places=self._places(digest),
            standing=self._standing(digest),
        )

    def _places(self, digest: bytes) -> tuple[Place, ...]:
        return tuple(
            Place(
                origin=origin,
                index=log.index(digest),
                where="own" if origin == self._card.origin else "mirror",
                receipt=origin == self._card.origin,
            )
            for origin, log in self._logs.items()
            if digest in log
        )

    def _content(self, digest: bytes) -> Content:
        return content_of(self._statements[digest], self._facts)

    def _named(self, digest: bytes) -> set[bytes]:
        content = self._content(digest)
        return {*content.targets, *(file.digest for file in content.files)}

    def _standing(self, digest: bytes) -> Standing:
        withdrawn = superseded = None
        kinds = Counter[str]()
        for other in self._serials:
            targets, about = self._content(other).targets, self._statements[other].about
            if digest not in targets:
                continue
            same = about.issuer == self._statements[digest].about.issuer
            kinds[about.kind] += not same
            if same and about.kind == "withdraw":
                withdrawn = other
            if same and about.kind == "supersede" and targets[0] == digest:
                superseded = other
        return Standing(withdrawn, superseded, confirmed=kinds["confirm"], disputed=kinds["dispute"])

    def _vouchers(self, issuer: str, kid: bytes) -> Iterator[Voucher]:
        for digest, statement in self._statements.items():
            try:
                claim = claim_of(statement, self._facts)
            except BadInput:
                continue
            if isinstance(claim, Policy) and any(grant.issuer == issuer for grant in claim.grants):
                yield Voucher(by=digest, place=self._places(digest)[0])
        if self._pins.get(issuer) == kid.hex():
            yield Voucher(by=None, place=None)
