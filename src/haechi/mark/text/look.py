"""Looking at a text: its mark under every key at hand, who committed to it, and whether it was logged.

Every hypothesis that is tried is paid for once, over all profiles together. Pure but for the registry.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from haechi.findings import Finding, Verdict, found
from haechi.mark.credentials import CredentialReading, TrustSource, official_list
from haechi.mark.extra import ExtraMissing
from haechi.mark.records import LogRecord
from haechi.mark.text.choice import Choice
from haechi.mark.text.credential import read_text_credential
from haechi.mark.text.detect import (
    ENOUGH,
    LOG10_P_LIMIT,
    Signpost,
    Stretch,
    TextDetection,
    TextMarkFound,
    detect_text,
)
from haechi.mark.text.files import decoded
from haechi.mark.text.frame import FrameMalformed, without_frame
from haechi.mark.text.key import TextKey
from haechi.mark.text.outcome import TextLook, TextState
from haechi.mark.text.prints import minhash_alike, minhash_of
from haechi.mark.text.profiles import HaechiProfile, Profile, ProfileUnfit, profile_from
from haechi.mark.text.registry import NoTexts, ProfileRecord, TextRegistry
from haechi.mark.text.sort import CODE_SHARE, code_share
from haechi.mark.text.tail import corrected
from haechi.mark.text.tokens import Tokens
from haechi.words import Text

WHOLE_SHARE = 0.9
"""A mark begins only after the first two words and thins out at edits: this much counts as the whole text."""
MOST_PROFILES = 100_000
SHOWN_STRETCHES = 8
_WORDS, _TOKENS = Text("words", "단어"), Text("tokens", "토큰")


@dataclass(frozen=True, slots=True)
class TextMeans:
    """What a reader brings. profiles: with their keys; tokenize: from text to tokens, and `tokenizer`, the
    SHA-256 of its file in hexadecimal, for profiles that are read from token ids. choice: what the model that
    may have written a text had to choose from.
    """

    profiles: tuple[Profile, ...] = ()
    registry: TextRegistry = field(default_factory=NoTexts)
    tokenize: Callable[[str], Tokens] | None = None
    tokenizer: str = ""
    choice: Callable[[str], Choice] | None = None
    trust: tuple[TrustSource, ...] = field(default_factory=lambda: (official_list(),))


@dataclass(frozen=True, slots=True)
class _Found:
    """The best mark, the profile it belongs to, and how many pairs of that profile's kind were scored."""

    mark: TextMarkFound
    profile: Profile
    count: int


def look_at_text(raw: bytes, means: TextMeans) -> TextLook:
    """What the text file `raw` tells; raises TooLarge, TextUnreadable, ExtraMissing."""
    given = decoded(raw).text
    credential = _credential(given, means)
    text = _without_frame(given)
    committed = means.registry.profiles()
    held = _held(means, committed)
    words, others, untried = _sorted(held, means)
    detection = detect_text(text, [profile.asked for profile in words], others=len(others))
    tokens = means.tokenize(text) if others and means.tokenize is not None else None
    by_tokens = [] if tokens is None else _by_tokens(tokens, others, len(words) + len(others))
    marks = [*_by_words(detection, words), *by_tokens]
    best = min(marks, key=lambda each: each.mark.log10_p, default=None)
    tried = len(held) - untried
    # Where every key waits for a tokenizer, that is what is to be said.
    layers = [_read(best, detection, tried)] if tried or not untried else []
    if untried:
        layers.append(found("mark.text.no-tokenizer", profiles=untried))
    # A mark that was read says what it is counted in; else what was tried does.
    in_tokens = best in by_tokens if best is not None else not words
    layers.append(_amount(text, detection, tokens if in_tokens else None))
    if means.choice is not None:
        layers.append(_choice(means.choice(text)))
    stretches = () if best is None else best.mark.stretches
    record = None
    if best is not None:
        layers.append(_part(text, stretches))
        if best.mark.payload is not None:
            layers.append(found("mark.text-number.carried", payload=f"{best.mark.payload:04x}"))
        record, finding = _committed(best.profile, committed)
        layers.append(finding)
    if detection.signpost is not None:
        layers.append(_signpost(detection.signpost, committed))
    logged, finding = _logged(raw, text, means.registry)
    layers += [finding, credential.finding]
    look = TextLook(
        TextState.NOTHING,
        tuple(layers),
        None if best is None else best.mark,
        record,
        logged,
        stretches,
        credential.credential,
    )
    return replace(look, state=_state(look))


def _credential(text: str, means: TextMeans) -> CredentialReading:
    try:
        return read_text_credential(text, means.trust)
    except ExtraMissing:
        return CredentialReading(found("mark.credential.not-checked"), None)


def _without_frame(text: str) -> str:
    """The words alone: what a frame is made of counts as nothing, wherever it stands."""
    try:
        framed = without_frame(text)
    except FrameMalformed:
        return text
    return text if framed is None else framed.text


def _held(means: TextMeans, committed: Sequence[ProfileRecord]) -> list[Profile]:
    """The reader's profiles, and those that their issuers published; each once."""
    held = {profile.digest: profile for profile in means.profiles}
    for record in committed:
        published = record.claim.published
        if published is None or published.digest in held:
            continue
        raw = means.registry.blob(published.digest)
        try:
            profile = None if raw is None else profile_from(raw)
        except ProfileUnfit:
            continue
        if profile is not None and profile.digest == record.claim.commitment:
            held[profile.digest] = profile
    return list(held.values())[:MOST_PROFILES]


def _sorted(held: Sequence[Profile], means: TextMeans) -> tuple[list[HaechiProfile], list[Profile], int]:
    """Profiles read from words, profiles read with the tokenizer at hand, and how many are left."""
    words = [each for each in held if isinstance(each, HaechiProfile) and each.space == "word"]
    rest = [each for each in held if not (isinstance(each, HaechiProfile) and each.space == "word")]
    fit = [each for each in rest if means.tokenize is not None and each.tokenizer == means.tokenizer]
    return words, fit, len(rest) - len(fit)


def _by_words(detection: TextDetection, words: Sequence[HaechiProfile]) -> list[_Found]:
    by_use = {(profile.secret, profile.payload): profile for profile in words}
    return [
        _Found(mark, by_use[mark.key.secret, mark.payload is not None], detection.count)
        for mark in detection.marks
    ]


def _by_tokens(tokens: Tokens, others: Sequence[Profile], tried: int) -> list[_Found]:
    """The marks read from tokens, with the characters that carry them."""
    marks: list[_Found] = []
    for profile in others:
        reading = profile.read(tokens.ids)
        log10_p = corrected(reading.log10_p, tried=tried)
        if log10_p <= LOG10_P_LIMIT:
            # Other engines have keys of their own kind: the digest stands for them.
            own = isinstance(profile, HaechiProfile)
            mark = TextMarkFound(
                key=profile.key if own else TextKey(profile.engine, profile.digest),
                payload=reading.payload,
                score=reading.score,
                log10_p=log10_p,
                stretches=tuple(
                    Stretch(tokens.places[part.start][0], tokens.places[part.end - 1][1], part.log10_p)
                    for part in profile.where(tokens.ids, tried)
                ),
            )
            marks.append(_Found(mark, profile, reading.count))
    return marks


def _read(best: _Found | None, detection: TextDetection, keys: int) -> Finding:
    if best is not None:
        mark = best.mark
        return found(
            "mark.text.read",
            key=mark.key.name,
            key_id=mark.key.id,
            engine=best.profile.engine,
            count=best.count,
            log10_p=round(mark.log10_p, 1),
            score=round(mark.score, 1),
            tried=detection.tried,
        )
    if not keys:
        return found("mark.text.no-key")
    strongest = round(detection.best_log10_p, 1)
    return found("mark.text.absent", keys=keys, log10_p=strongest, tried=detection.tried)


def _amount(text: str, detection: TextDetection, tokens: Tokens | None) -> Finding:
    size, unit = (detection.size, _WORDS) if tokens is None else (len(tokens.ids), _TOKENS)
    share = code_share(text)
    if share >= CODE_SHARE:
        return found("mark.text-amount.code", percent=round(100 * share), size=size)
    code = "mark.text-amount.enough" if size >= ENOUGH else "mark.text-amount.short"
    return found(code, size=size, unit=unit, **({} if size >= ENOUGH else {"enough": ENOUGH}))


def _choice(choice: Choice) -> Finding:
    facts: dict[str, object] = {"tokens": choice.tokens, "entropy_nats": round(choice.entropy_nats, 2)}
    facts["temperature"] = choice.temperature
    enough = choice.log10_p <= LOG10_P_LIMIT
    code = "mark.text-choice.enough" if enough else "mark.text-choice.little"
    return found(code, log10_p=round(choice.log10_p, 1), **facts)


def _part(text: str, stretches: Sequence[Stretch]) -> Finding:
    length = max(len(text.strip()), 1)
    share = sum(part.end - part.start for part in stretches) / length
    if not stretches:
        return found("mark.text-part.nowhere")
    if share >= WHOLE_SHARE:
        return found("mark.text-part.whole", percent=min(100, round(100 * share)))
    places = ", ".join(f"{part.start}–{part.end}" for part in stretches[:SHOWN_STRETCHES])
    return found("mark.text-part.part", percent=round(100 * share), places=places)


def _committed(profile: Profile, committed: Sequence[ProfileRecord]) -> tuple[ProfileRecord | None, Finding]:
    """The statement that commits to a profile: the one that holds before others, the oldest first."""
    fitting = [record for record in committed if record.claim.commitment == profile.digest]
    if not fitting:
        return None, found("mark.profile.absent")
    order = (Verdict.HOLDS, Verdict.UNDECIDED, Verdict.FAILS)
    record = min(fitting, key=lambda each: (order.index(each.verdict), each.claim.since))
    facts: dict[str, object] = {"issuer": record.issuer, "origin": record.origin}
    if record.verdict is Verdict.FAILS:
        failing = next(each for each in record.findings if each.verdict is Verdict.FAILS)
        return record, found("mark.profile.refuted", why=failing.code, **facts)
    if record.withdrawn:
        return record, found("mark.profile.withdrawn", **facts)
    if record.claim.published is not None:
        return record, found("mark.profile.published", **facts)
    if record.verdict is Verdict.UNDECIDED:
        return record, found("mark.profile.unverified", **facts)
    return record, found("mark.profile.committed", since=record.claim.since.date().isoformat(), **facts)


def _signpost(signpost: Signpost, committed: Sequence[ProfileRecord]) -> Finding:
    facts: dict[str, object] = {"number": signpost.number, "log10_p": round(signpost.log10_p, 1)}
    for record in committed:
        claim = record.claim
        if claim.signpost == signpost.number and record.verdict is not Verdict.FAILS and not record.withdrawn:
            return found("mark.text-signpost.known", issuer=record.issuer, service=claim.service, **facts)
    return found("mark.text-signpost.unknown", **facts)


def _logged(raw: bytes, text: str, registry: TextRegistry) -> tuple[LogRecord | None, Finding]:
    same = registry.by_digest(hashlib.sha256(raw).digest())
    if same:
        return same[0], _told(same[0], "mark.text-log.same", {})
    minhash = minhash_of(text)
    alike = () if minhash is None else registry.texts_like(minhash)
    for record in alike:
        prints = record.item.fingerprints
        if minhash is not None and prints is not None and prints.minhash is not None:
            percent = round(100 * minhash_alike(minhash, prints.minhash))
            return record, _told(record, "mark.text-log.alike", {"percent": percent})
    return None, found("mark.text-log.absent")


def _told(record: LogRecord, code: str, facts: dict[str, object]) -> Finding:
    if record.verdict is Verdict.FAILS:
        failing = next(each for each in record.findings if each.verdict is Verdict.FAILS)
        return found("mark.text-log.refuted", issuer=record.issuer, why=failing.code)
    return found(code, issuer=record.issuer, origin=record.origin, **facts)


def _state(look: TextLook) -> TextState:
    codes = {layer.code for layer in look.layers}
    if look.mark is not None:
        return _marked_state(codes)
    if "mark.text-log.same" in codes:
        return TextState.LOGGED
    if "mark.text-log.alike" in codes:
        return TextState.ALIKE
    little = {"mark.text-amount.short", "mark.text-amount.code", "mark.text-choice.little"} & codes
    return TextState.TOO_LITTLE if little else TextState.NOTHING


def _marked_state(codes: set[str]) -> TextState:
    if codes & {"mark.profile.absent", "mark.profile.refuted"}:
        return TextState.UNNAMED
    if "mark.profile.withdrawn" in codes:
        return TextState.WITHDRAWN
    if "mark.profile.published" in codes:
        return TextState.OPEN_KEY
    return TextState.PROCESSED if "mark.text-part.whole" in codes else TextState.IN_PART
