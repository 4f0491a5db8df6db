"""A text leaves marked with everything a text can carry, and says so wherever it is copied whole."""

import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("c2pa", reason="the extra `mark` is not installed")

from tests.mark.test_pipeline import MAKER  # after the check above
from tests.mark.text.toy import KEY, human_words, mark_of, write_words
from tests.statement.make import FACTS, key

from haechi.findings import Verdict
from haechi.mark.bulk import Task, Way, mark_many, records_folder, write_batch
from haechi.mark.credentials import Authority, Provenance, make_authority
from haechi.mark.image import PUBLIC_KEY
from haechi.mark.records import read_folder
from haechi.mark.studio import Studio
from haechi.mark.text.commit import commitment
from haechi.mark.text.credential import read_text_credential, sign_text
from haechi.mark.text.frame import FrameMalformed, frame_of, with_frame, without_frame
from haechi.mark.text.look import TextMeans, look_at_text
from haechi.mark.text.notice import notices_in, with_notice
from haechi.mark.text.outcome import TextState
from haechi.mark.text.prints import ISCC_SAME, MINHASH_SAME, iscc_distance, minhash_alike, prints_of_text
from haechi.mark.text.produce import TextFile, produce_text
from haechi.mark.text.profiles import HaechiProfile
from haechi.mark.text.registry import TextFolder
from haechi.mark.wish import Wish

NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
PROFILE = HaechiProfile(name="writer", secret=KEY.secret, salt=bytes(16))
MARKED = write_words(mark_of(), 260, lang="ko")
SAYS = Provenance("t", "Writer", "1", "trainedAlgorithmicMedia")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority("Example Company", "KR", NOW)


@pytest.fixture(scope="module")
def studio(authority: Authority) -> Studio:
    return Studio(MAKER, PUBLIC_KEY, key(), authority, (PROFILE,))


def made(studio: Studio, text: str, **wish: object):  # a MarkedText
    told = Wish(("KR", "EU"), **wish)  # type: ignore[arg-type]  # as named
    return produce_text(TextFile(text.encode(), "note"), studio, told, "0007000000000001", NOW)


def test_mark_notice_credential_and_fingerprints_are_in_one_item(studio: Studio):
    done = made(studio, MARKED, visible=True, notice=True)
    mark, prints = done.item.watermark, done.item.fingerprints
    assert mark is not None
    assert (mark.key, mark.profile) == (KEY.id, PROFILE.digest)
    assert prints is not None
    assert prints.minhash is not None
    assert done.item.extent is not None
    assert done.item.extent.unit == "word"
    text = done.data.decode()
    assert notices_in(text) == ["KR", "EU", "US-CA"]
    assert read_text_credential(text, ()).finding.code == "mark.credential.unrecognised"
    assert {"KR.31.3", "EU.50.2"} <= set(done.item.label.serves)


def test_a_text_that_carries_no_mark_says_so_in_its_item(studio: Studio):
    done = made(studio, human_words(300, 1))
    assert done.item.watermark is None
    assert "EU.50.2" not in done.item.label.serves


def test_what_was_marked_is_found_whole_and_after_edits(studio: Studio, tmp_path: Path):
    source = tmp_path / "note.md"
    source.write_text(MARKED, "utf-8")
    target = tmp_path / "out" / "note.md"
    folder = _saved(tmp_path, studio)
    (ended,) = mark_many([Task(source, target)], folder, Wish(("KR",), visible=True), NOW)
    assert ended.error is None
    means = TextMeans((), TextFolder(records_folder(target), FACTS))
    whole = look_at_text(target.read_bytes(), means)
    assert (whole.state, whole.verdict) == (TextState.LOGGED, Verdict.HOLDS)
    words = target.read_text("utf-8").split()
    edited = " ".join(word for at, word in enumerate(words) if at % 9)
    assert look_at_text(edited.encode(), means).state is TextState.ALIKE
    assert look_at_text(human_words(300, 5).encode(), means).state is TextState.NOTHING
    again = next(iter(mark_many([Task(source, target)], folder, Wish(), NOW)))
    assert again.skipped


def test_a_batch_of_texts_is_one_statement(studio: Studio, tmp_path: Path):
    folder, tasks = _saved(tmp_path, studio), []
    for number in range(3):
        source = tmp_path / f"{number}.txt"
        source.write_text(human_words(60, number), "utf-8")
        tasks.append(Task(source, tmp_path / "out" / source.name))
    ended = list(mark_many(tasks, folder, Wish(), NOW, way=Way(single=False)))
    logged = write_batch(ended, tmp_path / "out", Studio.open(folder), FACTS, NOW)
    assert logged.size == 3
    item = ended[1].item
    assert item is not None
    (record,) = read_folder(tmp_path / "out", FACTS).by_digest(item.digest)
    assert record.verdict is Verdict.HOLDS


def _saved(tmp_path: Path, studio: Studio) -> Path:
    """The studio in a folder, with the text profile of these tests in place of its own."""
    folder = tmp_path / "studio"
    Studio.create(folder, studio.maker, NOW, lambda size: bytes(range(size)))
    (folder / "text.profile").write_bytes(PROFILE.to_bytes())
    return folder


def test_a_new_studio_has_a_text_profile_that_nobody_else_may_read(tmp_path: Path):
    made_now = Studio.create(tmp_path / "s", MAKER, NOW, lambda size: bytes(range(size)))
    assert (tmp_path / "s" / "text.profile").stat().st_mode & 0o777 == 0o600
    assert isinstance(made_now.profiles[0], HaechiProfile)
    statement = commitment(made_now.profiles[0], made_now, FACTS, NOW)
    assert made_now.profiles[0].secret.hex().encode() not in statement.raw


@pytest.mark.parametrize("text", ["Hello, world. " * 20, "한국어 문장입니다. 🙂‍↔️ " * 20, "a"])
def test_a_credential_travels_in_the_text_and_any_change_shows(text: str, authority: Authority):
    signed = sign_text(text, SAYS, authority).text
    assert read_text_credential(signed, ()).finding.code == "mark.credential.unrecognised"
    for copied in (unicodedata.normalize("NFC", signed), unicodedata.normalize("NFKC", signed)):
        code = read_text_credential(copied, ()).finding.code
        assert code == "mark.credential.unrecognised" or copied != signed
    assert read_text_credential(f"x{signed}", ()).finding.code == "mark.credential.altered"
    assert read_text_credential(f"{signed} and more", ()).finding.code == "mark.credential.altered"
    assert read_text_credential(signed.encode("cp949", "ignore").decode("cp949"), ()).finding.code == (
        "mark.credential.absent"
    )


def test_ten_thousandths_of_texts_all_settle(authority: Authority):
    for number in range(12):  # the frame's length depends on random bytes: each time anew
        signed = sign_text("x" * (240 + number), SAYS, authority)
        framed = without_frame(signed.text)
        assert framed is not None
        assert framed.manifest == signed.manifest


def test_a_frame_takes_every_byte_and_emoji_are_no_frame():
    raw = bytes(range(256)) * 3
    framed = without_frame(with_frame("Text \u2764\ufe0f here.", raw))
    assert framed is not None
    assert (framed.text, framed.manifest) == ("Text \u2764\ufe0f here.", raw)
    assert framed.start == len("Text \u2764\ufe0f here.".encode())
    assert without_frame("\u2764\ufe0f" * 50) is None
    assert without_frame("\ufeff" + "\ufe0f" * 50) is None


@pytest.mark.parametrize(
    "wrong",
    [
        frame_of(b"manifest")[:-3],
        frame_of(b"one") + frame_of(b"two"),
        frame_of(b"x").replace("\ufe01", "\ufe02", 1),
    ],
    ids=["cut off", "two", "another version"],
)
def test_a_damaged_frame_is_refused_and_said(wrong: str):
    with pytest.raises(FrameMalformed):
        without_frame("text" + wrong)
    assert read_text_credential("text" + wrong, ()).finding.code == "mark.credential.unreadable"
    assert look_at_text(("text" + wrong).encode(), TextMeans()).verdict is Verdict.UNDECIDED


def test_another_writer_makes_the_same_frame_and_reads_ours():
    theirs = pytest.importorskip("c2pa_text", reason="the other writer of frames is not installed")
    for manifest in (b"", b"manifest", bytes(range(256)) * 5):
        text = "Cafe\u0301 \u2764\ufe0f 글."
        assert theirs.embed_manifest(text, manifest) == with_frame(text, manifest)
        framed = without_frame(with_frame(text, manifest))
        assert framed is not None
        assert theirs.find_wrapper_info(with_frame(text, manifest)) == (
            framed.manifest,
            framed.start,
            framed.length,
        )
        length = theirs.worst_case_wrapper_byte_length(len(manifest))
        padded = without_frame(f"text{theirs.encode_wrapper_padded(manifest, length)}")
        assert padded == ("text", manifest, 4, length)


def test_a_text_with_a_credential_is_not_signed_over(studio: Studio):
    signed = made(studio, MARKED).data.decode()
    with pytest.raises(FrameMalformed):
        made(studio, signed)


def test_notices_are_said_once():
    once = with_notice("글입니다.", ["KR", "CN"])
    assert with_notice(once, ["KR"]) == once
    assert once.count("인공지능") == 1
    assert "本文由人工智能生成。" in once


def test_fingerprints_follow_a_text_through_edits_and_not_to_another():
    text = human_words(400, 9).split()
    edited = [word if at % 12 else "changed" for at, word in enumerate(text)]
    first, near, far = (
        prints_of_text(" ".join(each)) for each in (text, edited, human_words(400, 10).split())
    )
    assert first.minhash is not None
    assert near.minhash is not None
    assert far.minhash is not None
    assert (
        minhash_alike(first.minhash, near.minhash) > MINHASH_SAME > minhash_alike(first.minhash, far.minhash)
    )
    assert iscc_distance(first.iscc, near.iscc) < ISCC_SAME < iscc_distance(first.iscc, far.iscc)
    assert prints_of_text("two words").minhash is None
