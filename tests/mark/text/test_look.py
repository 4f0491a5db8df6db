"""A reader of a text learns whose mark it carries, how surely and where; or that nothing can be said."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.mark.text.toy import KEY, human_words, mark_of, write_words
from tests.statement.make import FACTS, about, key

from haechi.errors import TooLarge
from haechi.findings import Verdict
from haechi.mark.text import TextKey, TextMark, look_at_text
from haechi.mark.text.files import MOST_TEXT_BYTES, TextUnreadable, decoded, read_stream
from haechi.mark.text.look import TextMeans
from haechi.mark.text.outcome import TextState
from haechi.mark.text.profiles import HaechiProfile, VllmProfile
from haechi.mark.text.registry import NoTexts, TextFolder
from haechi.mark.text.sort import CODE_SHARE, code_share
from haechi.mark.text.tokens import Tokens
from haechi.statement.claims import Said, encode_claim, kind_of
from haechi.statement.envelope import Statement, sign_statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds.mark_profile import PROFILE_TYPE, MarkProfile
from haechi.statement.kinds.withdraw import Withdraw

PROFILE = HaechiProfile(name="writer", secret=KEY.secret, salt=bytes(16))
MARKED = write_words(mark_of(), 260, lang="ko")
SINCE = datetime(2026, 9, 1, tzinfo=UTC)


def signed(kind: str, claim: object, seed: int = 1, **fields: object) -> Statement:
    payload = encode_claim(kind_of(kind), claim, FACTS)  # type: ignore[arg-type]  # of that kind
    return sign_statement(key(seed=seed), about(kind, **fields), payload)


def commitment(**fields: object) -> Statement:
    told = {"commitment": PROFILE.digest, "engine": PROFILE.engine, "medium": "text", "since": SINCE}
    return signed("mark_profile", MarkProfile(**(told | fields)))  # type: ignore[arg-type]  # as named


def folder(tmp_path: Path, *statements: Statement, files: tuple[bytes, ...] = ()) -> TextFolder:
    for number, statement in enumerate(statements):
        (tmp_path / f"{number}.cose").write_bytes(statement.raw)
    for number, raw in enumerate(files):
        (tmp_path / f"{number}.profile").write_bytes(raw)
    return TextFolder(tmp_path, FACTS)


def codes(look: object) -> set[str]:
    return {layer.code for layer in look.layers}  # type: ignore[attr-defined]  # a TextLook


def test_a_committed_mark_holds_and_names_who_answers_for_it(tmp_path: Path):
    means = TextMeans((PROFILE,), folder(tmp_path, commitment()))
    look = look_at_text(MARKED.encode(), means)
    assert (look.state, look.verdict, look.maker) == (
        TextState.PROCESSED,
        Verdict.HOLDS,
        "company.example",
    )
    assert {"mark.text.read", "mark.profile.committed", "mark.text-part.whole"} <= codes(look)
    assert "processed by" in look.say("en")
    assert "거쳤습니다" in look.say("ko")


def test_without_a_commitment_the_key_is_named_and_nobody_is(tmp_path: Path):
    look = look_at_text(MARKED.encode(), TextMeans((PROFILE,), folder(tmp_path)))
    assert (look.state, look.verdict, look.maker) == (TextState.UNNAMED, Verdict.UNDECIDED, None)


def test_in_a_mixed_document_the_part_is_shown_and_the_whole_is_not_claimed(tmp_path: Path):
    text = f"{human_words(300, 1, 'ko')}\n\n{MARKED}\n\n{human_words(300, 2, 'ko')}"
    look = look_at_text(text.encode(), TextMeans((PROFILE,), folder(tmp_path, commitment())))
    assert (look.state, look.verdict) == (TextState.IN_PART, Verdict.UNDECIDED)
    (part,) = look.stretches
    assert text.index(MARKED) - 60 < part.start < part.end < text.index(MARKED) + len(MARKED) + 60


def test_a_withdrawn_profile_no_longer_names_anybody_for_sure(tmp_path: Path):
    made = commitment()
    reason = Said(en="The key leaked.", ko="키가 유출되었습니다.")
    taken = signed("withdraw", Withdraw(target=made.digest, reason=reason))
    stranger = signed("withdraw", Withdraw(target=made.digest, reason=reason), seed=2, issuer="rival.example")
    means = TextMeans((PROFILE,), folder(tmp_path, made, stranger))
    assert look_at_text(MARKED.encode(), means).state is TextState.PROCESSED
    means = TextMeans((PROFILE,), folder(tmp_path, made, taken))
    look = look_at_text(MARKED.encode(), means)
    assert (look.state, look.verdict) == (TextState.WITHDRAWN, Verdict.UNDECIDED)


def test_a_published_profile_is_read_by_everybody_and_proves_nothing(tmp_path: Path):
    raw = PROFILE.to_bytes()
    ref = EvidenceRef(digest=PROFILE.digest, size=len(raw), media_type=PROFILE_TYPE, name="text.profile")
    look = look_at_text(
        MARKED.encode(), TextMeans((), folder(tmp_path, commitment(published=ref), files=(raw,)))
    )
    assert (look.state, look.verdict) == (TextState.OPEN_KEY, Verdict.UNDECIDED)
    assert look.maker == "company.example"


def test_a_signpost_says_whom_to_ask(tmp_path: Path):
    text = write_words(mark_of(signpost=0xABC), 700, seed=5).encode()
    known = folder(tmp_path, commitment(signpost=0xABC, service="https://ask.example/"))
    look = look_at_text(text, TextMeans((), known))
    told = next(layer for layer in look.layers if layer.code == "mark.text-signpost.known")
    assert "https://ask.example/" in told.say("en")
    assert look.verdict is Verdict.UNDECIDED
    assert "mark.text-signpost.unknown" in codes(look_at_text(text, TextMeans()))


def test_what_cannot_be_promised_is_said():
    short = look_at_text(b"a few words", TextMeans((PROFILE,)))
    assert (short.state, short.verdict) == (TextState.TOO_LITTLE, Verdict.UNDECIDED)
    code = "\n".join(f"    value_{n} = call_{n}(value_{n - 1})" for n in range(300))
    assert look_at_text(code.encode(), TextMeans((PROFILE,))).state is TextState.TOO_LITTLE
    human = look_at_text(human_words(400, 3).encode(), TextMeans((PROFILE,)))
    assert human.state is TextState.NOTHING
    assert "nothing about who" in human.say("en")
    assert "mark.text.no-key" in codes(look_at_text(human_words(400, 3).encode(), TextMeans()))


def test_a_paragraph_with_a_gloss_in_brackets_is_no_code():
    gloss = "인공지능(AI)이 쓴 글에는 출처를 밝히는 표시(워터마크)가 들어갈 수 있다. 눈에는 보이지 않는다."
    assert code_share(f"{gloss} {gloss}\n{gloss}") == 0.0
    assert code_share("total = f(x)\nprint(total)\n") > CODE_SHARE


def test_every_profile_is_paid_for_and_one_without_its_tokenizer_is_not_tried():
    others = tuple(
        HaechiProfile(name=str(n), secret=n.to_bytes(32, "big"), payload=n % 2 == 0) for n in range(99)
    )
    alone = look_at_text(MARKED.encode(), TextMeans((PROFILE,)))
    among = look_at_text(MARKED.encode(), TextMeans((*others, PROFILE, VllmProfile(key=1))))
    assert alone.mark is not None
    assert among.mark is not None
    assert among.mark.log10_p == pytest.approx(alone.mark.log10_p + 2.0)
    assert "mark.text.no-tokenizer" in codes(among)


def test_a_profile_of_another_engine_is_read_with_its_tokenizer():
    from tests.mark.text.test_profiles import VLLM, vllm_text

    ids = [*range(9000, 9250), *vllm_text(VLLM, 150, 1), *range(9300, 9600)]
    tokens = Tokens(ids, [(5 * at, 5 * at + 4) for at in range(len(ids))])
    profile = VllmProfile(key=VLLM.key, tokenizer="ab")
    means = TextMeans((profile,), NoTexts(), lambda _text: tokens, "ab")
    look = look_at_text(b"what the tokenizer makes of this is above", means)
    assert look.state is TextState.UNNAMED
    (amount,) = (layer for layer in look.layers if layer.code.startswith("mark.text-amount."))
    assert amount.say("en") == "700 tokens"
    (part,) = look.stretches
    assert abs(part.start - 5 * 250) <= 5 * 12
    assert abs(part.end - 5 * 400) <= 5 * 12
    wrong = TextMeans((VllmProfile(key=3, tokenizer="ab"),), NoTexts(), lambda _text: tokens, "ab")
    assert look_at_text(b"the same", wrong).mark is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_encodings_of_korean_text_are_told_apart(encoding: str):
    text = "한국어 문장은 여러 인코딩으로 옵니다. 가나다라마바사."
    assert decoded(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    "raw", [b"PK\x03\x04\x00\x00", b"\x1f\x8b\x08\x00", b"\xff\xfe\x00", b"\x81\xff\xff ok"]
)
def test_what_is_no_text_is_refused_and_never_unpacked(raw: bytes):
    with pytest.raises(TextUnreadable):
        decoded(raw)


def test_a_line_without_end_is_refused_after_the_limit():
    class Endless:
        asked = 0

        def read(self, size: int) -> bytes:
            self.asked += size
            return b"x" * size

    stream = Endless()
    with pytest.raises(TooLarge):
        read_stream(stream)  # type: ignore[arg-type]  # all that it uses
    assert stream.asked == MOST_TEXT_BYTES + 1
    with pytest.raises(TooLarge):
        look_at_text(b"x" * 5_000_000, TextMeans())


WIDE = {at: at + 0xFEE0 for at in range(0x21, 0x7F)}
ATTEMPTS = {
    "a tenth of the words left out": (lambda words: [w for n, w in enumerate(words) if n % 10], True),
    "a tenth of the words replaced": (
        lambda words: [w if n % 10 else "other" for n, w in enumerate(words)],
        True,
    ),
    "everything in capitals": (lambda words: [w.upper() for w in words], True),
    "punctuation and markdown between": (lambda words: [f"**{w}**," for w in words], True),
    "every third word replaced": (
        lambda words: [w if n % 3 else "other" for n, w in enumerate(words)],
        False,
    ),
    "look-alike letters": (lambda words: [w.replace("e", "е").replace("a", "а") for w in words], True),
    "invisible characters inside words": (lambda words: ["\u200b".join(w) for w in words], True),
    "full-width letters": (lambda words: [w.translate(WIDE) for w in words], True),
    "spaces inside words": (lambda words: [f"{w[:1]} {w[1:]}" for w in words], False),
    "words in reverse": (lambda words: words[::-1], False),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_attempts_at_removal_end_as_the_limits_say(attempt: str):
    change, stays = ATTEMPTS[attempt]
    text = " ".join(change(write_words(mark_of(), 260).split()))
    look = look_at_text(text.encode(), TextMeans((PROFILE,)))
    assert (look.mark is not None) is stays
    assert look.verdict is Verdict.UNDECIDED


def triples(words: list[str]) -> set[tuple[str, ...]]:
    return set(zip(words, words[1:], words[2:], strict=False))


def test_a_forger_without_the_key_can_only_copy_and_is_shown_where():
    """Pieces of marked texts, stitched by somebody without the key, are shown as the pieces they are."""
    pieces = [" ".join(write_words(mark_of(), 300, seed=n).split()[40:120]) for n in range(2)]
    stitched = f"{human_words(200, 1)} {pieces[0]} {human_words(900, 2)} {pieces[1]} {human_words(200, 3)}"
    look = look_at_text(stitched.encode(), TextMeans((PROFILE,)))
    assert "mark.text-part.part" in codes(look)
    for part in look.stretches:
        shown = stitched[part.start : part.end].split()
        own = triples(shown)
        taken = set[tuple[str, ...]]().union(*(triples(piece.split()) for piece in pieces))
        assert len(own & taken) > 0.6 * len(own)
    guessed = write_words(TextMark(key=TextKey("guess", b"g" * 32)), 260)
    assert look_at_text(guessed.encode(), TextMeans((PROFILE,))).mark is None
