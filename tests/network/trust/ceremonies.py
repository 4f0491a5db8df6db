"""Three countries that make a trust list together; any two are enough. Deterministic keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
from tests.network.parties import ed25519_key, es256_key
from tests.network.trust.lists import LISTED
from tuf.api.metadata import Root, Targets  # pyright: ignore[reportPrivateImportUsage]

from haechi.network.trust import ceremony, package
from haechi.network.trust.ceremony import Parts, Signers
from haechi.network.trust.listing import TrustList
from haechi.network.trust.metadata import Verified, read
from haechi.statement.keys import SigningKey

NOW = datetime(2026, 11, 28, tzinfo=UTC)
YEAR, WEEK = timedelta(days=365), timedelta(days=7)
COUNTRIES = [ed25519_key("kr signer"), ed25519_key("uk signer"), es256_key("sg signer")]
ONLINE = ed25519_key("online")
THIEF = ed25519_key("thief")


@dataclass
class Ceremony:
    """Everything published so far, as files of a repository."""

    keys: Sequence[SigningKey] = tuple(COUNTRIES)
    threshold: int = 2
    online: SigningKey = ONLINE
    now: datetime = NOW
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    verified: Verified | None = None

    def signers(self) -> Signers:
        return Signers([key.public for key in self.keys], self.threshold, [self.online.public])

    @property
    def given(self) -> bytes:
        """The first root: what operators are handed."""
        return self.files["1.root.json"]

    def publish(self, listed: TrustList, by: Iterable[SigningKey] | None = None) -> Verified:
        """A new version of the list, signed by the first two unless told otherwise."""
        by = list(self.keys[: self.threshold] if by is None else by)
        before = self.verified
        roots = (self.root(by),) if before is None else before.held.roots
        root = cast("Root", read("root", roots[-1]).signed)
        drafted = ceremony.draft_targets(None if before is None else before.targets, listed, self.now + YEAR)
        targets = self.signed("targets", drafted, by, [root])
        return self.keep(Parts(roots, targets, listed.to_json()))

    def keep(self, parts: Parts) -> Verified:
        self.verified = ceremony.publish(parts, self.verified, self.online, self.now + WEEK)
        self.files.update(package.files_of(self.verified))
        return self.verified

    def root(self, by: Iterable[SigningKey], before: Root | None = None) -> bytes:
        drafted = ceremony.draft_root(before, self.signers(), self.now + YEAR)
        return self.signed("root", drafted, by, ceremony.roots_for("root", drafted, before, None))

    def rotate(self, keys: Sequence[SigningKey], threshold: int, by: Iterable[SigningKey]) -> Verified:
        """Other signers: the new root, and the list as it is signed anew."""
        assert self.verified is not None
        before = self.verified
        self.keys, self.threshold = keys, threshold
        raw = self.root(by, before.root)
        root = cast("Root", read("root", raw).signed)
        drafted = ceremony.draft_targets(before.targets, before.trust_list, self.now + YEAR)
        targets = self.signed("targets", drafted, keys[:threshold], [root])
        return self.keep(Parts((*before.held.roots, raw), targets, before.held.listed))

    def refresh(self) -> Verified:
        """The same version with a newer timestamp."""
        assert self.verified is not None
        held = self.verified.held
        return self.keep(Parts(held.roots, held.targets, held.listed))

    @staticmethod
    def signed(role: str, raw: bytes, by: Iterable[SigningKey], roots: list[Root]) -> bytes:
        for key in by:
            raw = ceremony.sign(role, raw, key, roots)  # type: ignore[arg-type]
        return raw


def begun() -> Ceremony:
    made = Ceremony()
    made.publish(LISTED)
    return made


def renamed(name: str) -> TrustList:
    return msgspec.structs.replace(LISTED, name=msgspec.structs.replace(LISTED.name, en=name))


def targets_of(raw: bytes) -> Targets:
    return cast("Targets", read("targets", raw).signed)
