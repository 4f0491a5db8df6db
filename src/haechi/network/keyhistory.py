"""What became of keys: the trust list's history of a key, and the key events of the log that was used.

An event counts from the entry after its own, whatever it says: nobody enrols or retires a key backwards.
A revocation may say that the key was stolen earlier; what the key signed between the two places is in doubt,
for the owner cannot be told from the thief there.
"""

from typing import NamedTuple

from haechi.errors import NotFound
from haechi.findings import Finding, Verdict, declare, found
from haechi.network.sections import Trust
from haechi.network.trust.keys import KeyStatus, ListedKey, Standing, standing_at
from haechi.statement.envelope import Statement
from haechi.statement.keys import key_from_cose
from haechi.statement.kinds.key_event import KeyEvent
from haechi.words import Text

declare(
    "network.key",
    Text("Key was in use at this entry", "이 항목에서 키가 쓰이고 있었음"),
    {
        "in-use": (
            Verdict.HOLDS,
            Text(
                "at entry {index} of {log} the key was in use",
                "{log}의 {index}번 항목에서 키가 쓰이고 있었음",
            ),
        ),
        "enrolled": (
            Verdict.HOLDS,
            Text(
                "{issuer} enrolled the key at entry {by} of {log}, with a key that is known",
                "{issuer}이(가) 알려진 키로 {log}의 {by}번 항목에서 이 키를 등록함",
            ),
        ),
        "enrolled-undecided": (
            Verdict.UNDECIDED,
            Text(
                "{issuer} enrolled the key at entry {by} of {log}, says an event that is undecided here",
                "{log}의 {by}번 항목에서 {issuer}이(가) 이 키를 등록했다는 키 이벤트가 여기에서는 미결임",
            ),
        ),
        "former": (
            Verdict.HOLDS,
            Text(
                "{issuer} ended this key of its own at entry {by} of {log}, with a key that is known",
                "{issuer}이(가) 알려진 키로 {log}의 {by}번 항목에서 자신의 이 키를 끝냄",
            ),
        ),
        "out-of-scope": (
            Verdict.FAILS,
            Text(
                "the key may not publish {kind}; it may: {kinds}",
                "이 키는 {kind}을(를) 게시할 수 없음. 범위: {kinds}",
            ),
        ),
        "early": (
            Verdict.FAILS,
            Text(
                "at entry {index} of {log} the key was not in use yet",
                "{log}의 {index}번 항목에서 키는 아직 쓰이지 않음",
            ),
        ),
        "retired": (
            Verdict.FAILS,
            Text(
                "at entry {index} of {log} the key was out of use",
                "{log}의 {index}번 항목에서 키는 이미 쓰임이 끝남",
            ),
        ),
        "revoked": (
            Verdict.FAILS,
            Text(
                "at entry {index} of {log} the key had been revoked",
                "{log}의 {index}번 항목에서 키는 이미 철회됨",
            ),
        ),
        "doubtful": (
            Verdict.UNDECIDED,
            Text(
                "at entry {index} of {log} the key may have been stolen, says its later revocation",
                "나중의 철회에 따르면 {log}의 {index}번 항목에서 키가 도난되었을 수 있음",
            ),
        ),
        "unplaced": (
            Verdict.UNDECIDED,
            Text(
                "the key went out of use, and nothing here shows that this statement was logged before",
                "키의 쓰임이 끝났고, 이 진술이 그 전에 기록되었음을 보이는 것이 없음",
            ),
        ),
    },
)


_ENDS = ("retire", "revoke")


class Place(NamedTuple):
    """Where a proof puts a statement: the log's name and the position in it."""

    origin: str
    at: int


class _Told(NamedTuple):
    """A verified event: its place, the statement, and what it says."""

    place: Place
    statement: Statement
    event: KeyEvent


class KeyHistory:
    """Key events that were verified, in the order of the log.

    Always true: each came from a key of the owner that was in use then, or, to end a key's use, from the
    log's operator.
    """

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._told: list[_Told] = []
        self._doubted: list[_Told] = []

    def doubt(self, place: Place, statement: Statement, event: object) -> None:
        """Remember an event in which nothing is wrong and something undecided, such as its witnesses.

        It puts no key into use; but whoever signs with the key that it names is no stranger for certain.
        """
        if isinstance(event, KeyEvent) and event.event == "enrol" and event.origin == place.origin:
            self._doubted.append(_Told(place, statement, event))

    def take(self, place: Place, statement: Statement, event: KeyEvent) -> bool:
        """Whether one more event counts: who signed it may say so, and its key was in use then.

        The caller has checked everything else, and calls in the order of the log.
        """
        ends = event.event in _ENDS
        if event.event == "genesis" or event.origin != place.origin:
            return False
        if statement.about.issuer != event.owner and not (ends and self._operates(statement, place)):
            return False
        used = self.check(statement, place)
        if used is not None and used.verdict is Verdict.FAILS:
            return False
        self._told.append(_Told(place, statement, event))
        return True

    def enrolled(self, statement: Statement) -> Finding | None:
        """By which event the statement's key came to speak for its issuer, itself signed by a known key."""
        for told in self._told:
            if _enrols(told, statement) and self._known(told.statement, told.place):
                return _named("enrolled", told)
        for told in self._doubted:
            if _enrols(told, statement) and self._maybe_known(told):
                return _named("enrolled-undecided", told)
        return None

    def former(self, statement: Statement, place: Place | None) -> Finding | None:
        """By which event the statement's issuer said that the key had been its own, with a key that is known.

        Whoever pins the new key of an issuer has never heard of the old one; its end names it. Whether it was
        still in use at `place` is what `check` says. Only the owner vouches so: the log's operator may end a
        key and says nothing about whose it was.
        """
        if place is None or not any(_ends(told, statement, place) for told in self._told):
            return None
        told = next((one for one in self._endings() if _ends(one, statement, place)), None)
        return None if told is None else _named("former", told)

    def _endings(self) -> list[_Told]:
        """The ends of keys said by owners with keys that are known, or former themselves; newest first."""
        counted: list[_Told] = []
        for told in sorted(self._told, key=lambda one: one.place.at, reverse=True):
            said, place = told.statement, told.place
            if told.event.event not in _ENDS or said.about.issuer != told.event.owner:
                continue
            former = any(_ends(later, said, place) for later in counted)
            used = self.check(said, place) if former else None
            if self._known(said, place) or (used is not None and used.verdict is Verdict.HOLDS):
                counted.append(told)
        return counted

    def check(self, statement: Statement, place: Place | None) -> Finding | None:
        """Whether the key was in use at the statement's place; None when nobody said anything of it."""
        listed = self._listed(statement)
        history = self._history(statement, listed)
        if listed is None and not history:
            return None
        if listed is not None and not listed.covers(statement.about.kind):
            kinds = list(listed.kinds)
            return found("network.key.out-of-scope", kind=statement.about.kind, kinds=kinds)
        if place is None:
            return None if not history else found("network.key.unplaced")
        standing = standing_at(history, place.origin, place.at)
        code = "in-use" if standing is Standing.GOOD else str(standing)
        return found(f"network.key.{code}", index=place.at, log=place.origin)

    def _known(self, statement: Statement, place: Place) -> bool:
        """Whether this key speaks for its issuer at this place, by pins and list or by earlier events."""
        checked = self.check(statement, place)
        if checked is not None and checked.verdict is not Verdict.HOLDS:
            return False
        if statement.kid in self._trust.speaks_for(statement.about.issuer):
            return True
        earlier = KeyHistory(self._trust)
        earlier._told = [told for told in self._told if told.place.at < place.at]
        return earlier.enrolled(statement) is not None

    def _maybe_known(self, told: _Told) -> bool:
        """Whether the event's key speaks for its issuer, or an earlier event says so that may hold."""
        known = set(self._trust.speaks_for(told.event.owner))
        for one in sorted((*self._told, *self._doubted), key=lambda one: one.place.at):
            own = one.event.event == "enrol" and one.event.owner == told.event.owner
            if own and one.statement.kid in known and one.place.at < told.place.at:
                known.update(key_from_cose(entry.cose_key).thumbprint for entry in one.event.keys)
        return told.statement.kid in known

    def _operates(self, statement: Statement, place: Place) -> bool:
        try:
            operator = self._trust.operator(place.origin)
        except NotFound:
            return False
        return statement.about.issuer == operator and statement.kid in self._trust.speaks_for(operator)

    def _listed(self, statement: Statement) -> ListedKey | None:
        for key in self._trust.listed_keys(statement.about.issuer):
            if key.public().thumbprint == statement.kid:
                return key
        return None

    def _history(self, statement: Statement, listed: ListedKey | None) -> tuple[KeyStatus, ...]:
        told = [
            _status(one)
            for one in self._told
            if one.event.owner == statement.about.issuer and _names(one.event, statement.kid)
        ]
        return tuple(
            sorted((*(() if listed is None else listed.history), *told), key=lambda one: one.from_index)
        )


def _enrols(told: _Told, statement: Statement) -> bool:
    """Whether the event, its owner's own, puts the statement's key into use for the statement's issuer."""
    own = told.event.owner == statement.about.issuer == told.statement.about.issuer
    return own and told.event.event == "enrol" and _names(told.event, statement.kid)


def _ends(told: _Told, statement: Statement, place: Place) -> bool:
    """Whether the event, its owner's own, ends the statement's key later in the log, with another key."""
    own = told.event.owner == statement.about.issuer == told.statement.about.issuer
    later = told.place.origin == place.origin and told.place.at > place.at
    other = told.event.event in _ENDS and told.statement.kid != statement.kid
    return own and later and other and _names(told.event, statement.kid)


def _named(outcome: str, told: _Told) -> Finding:
    issuer, (log, by) = told.event.owner, told.place
    return found(f"network.key.{outcome}", issuer=issuer, by=by, log=log)


def _names(event: KeyEvent, thumbprint: bytes) -> bool:
    return any(
        entry.scope == "statement" and key_from_cose(entry.cose_key).thumbprint == thumbprint
        for entry in event.keys
    )


def _status(told: _Told) -> KeyStatus:
    log, said = told.place.origin, told.event.from_index
    since = max(told.place.at + 1, said)
    if told.event.event == "enrol":
        return KeyStatus(log=log, from_index=since, status="active")
    if told.event.event == "retire":
        return KeyStatus(log=log, from_index=since, status="retired")
    doubtful = said if said < since else None
    return KeyStatus(log=log, from_index=since, status="revoked", doubtful_from=doubtful)
