"""A film marked with all layers is told from copies, other films, and pictures put to other sound."""

from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.mark.audio.sounds import music, speech
from tests.mark.video.films import RATE, SOUND_RATE, Track, frames, heard, shown
from tests.mark.video.films import film as made_film
from tests.mark.video.marked import Marked, codes, marked

from haechi.findings import Verdict
from haechi.mark.audio import embed as embed_sound
from haechi.mark.bound import LOG10_P_LIMIT, log10_counted, log10_p
from haechi.mark.image import PUBLIC_KEY, MarkKey, Payload, embed
from haechi.mark.studio import Studio
from haechi.mark.verdict import State
from haechi.mark.video import look_at_video
from haechi.mark.video.detect import detect_in
from haechi.mark.video.field import Painter
from haechi.mark.video.pool import Pool
from haechi.mark.video.source import form_of
from haechi.mark.video.watch import watch
from haechi.mark.wish import Wish


@pytest.fixture(scope="module")
def copy(film: Marked) -> list[np.ndarray]:
    return shown(film.data)


def test_a_marked_film_holds_on_every_layer(film: Marked):
    look = film.look()
    assert look.verdict is Verdict.HOLDS
    assert look.state is State.AGREE
    assert {
        "mark.video.read",
        "mark.video-presence.whole",
        "mark.sound.read",
        "mark.video-sound.agrees",
        "mark.log.found",
        "mark.video-content.same",
        "mark.sound-content.same",
        "mark.credential.unrecognised",
        "mark.binding.agrees",
        "mark.label.agrees",
    } == codes(look) - {"mark.sound-presence.whole", "mark.sound-presence.partial"}
    told = look.as_dict("ko")
    assert told["medium"] == "video"
    assert told["maker"] == "film.example"
    assert told["presence"][0] == "######"
    assert told["labels"]["provider"] == "Film"


def test_the_statement_names_both_marks_and_the_frames(film: Marked):
    item = film.made.item
    assert [mark.algorithm for mark in item.marks] == ["org.haechi.lattice.1", "org.haechi.audio.1"]
    assert len({mark.payload for mark in item.marks}) == 1
    assert item.digest == sha256(film.data).digest()
    assert item.extent is not None
    assert item.extent.amount == 6000
    assert item.fingerprints is not None
    assert 6 <= len(item.fingerprints.frames) <= 12
    assert {"KR.31.2", "EU.50.2", "CN.LBL.5", "US-CA.942.lat"} <= set(item.label.serves)
    assert film.made.psnr_db == pytest.approx(42.0, abs=0.6)


def test_the_pattern_does_not_flicker():
    """From frame to frame of a shot it moves by a small part of a grey level; a cut may change it."""
    painter = Painter(Payload(namespace=7, item=3), PUBLIC_KEY, 8, None)
    added: list[np.ndarray] = []
    for pixels in list(frames(4.0))[:20]:
        luma = np.ascontiguousarray(pixels[..., 1])
        before = luma.astype(np.int16)
        painter.paint(luma)
        added.append(luma - before)
    steps = [np.abs(other - one) for one, other in pairwise(added)]
    assert max(float(step.mean()) for step in steps) < 0.25
    assert max(int(np.percentile(step, 99.9)) for step in steps) <= 2
    assert painter.psnr_db == pytest.approx(42.0, abs=0.5)


def test_a_copy_encoded_again_without_metadata_is_recovered(film: Marked, copy: list[np.ndarray]):
    again = made_film(copy, Track(heard(film.data)), options={"crf": "28", "preset": "veryfast"})
    look = film.look(again)
    assert look.verdict is Verdict.HOLDS
    assert {"mark.credential.recovered", "mark.label.absent", "mark.sound.read"} <= codes(look)


@pytest.mark.slow
def test_only_the_marked_seconds_are_named(film: Marked, copy: list[np.ndarray]):
    mixed = [*list(frames(3.0, seed=9)), *copy[: 3 * RATE], *list(frames(3.0, seed=17))]
    look = film.look(made_film(mixed))
    assert look.verdict is Verdict.UNDECIDED
    assert look.region is not None
    row = look.region.rows[0]
    assert row[3:6] == "###"
    assert "#" not in row[:3] + row[6:]
    assert "." in row
    partial = next(each for each in look.layers if each.code == "mark.video-presence.partial")
    assert partial.facts["seconds"] == "3-6 s"


def test_of_two_marked_films_in_one_file_both_are_told(film: Marked, copy: list[np.ndarray]):
    # Words so alike that one would pass for the other, stretch by stretch.
    other = Payload(namespace=9, item=9)
    scenes = [embed(each, other, psnr_db=42.0).pixels for each in frames(4.0, seed=9)]
    look = film.look(made_film([*copy[: 3 * RATE], *scenes]))
    (read,) = [each for each in look.layers if each.code == "mark.video.read"]
    (further,) = [each for each in look.layers if each.check == "mark.further"]
    assert read.facts["payload"] == film.made.payload, "the one that somebody signed for comes first"
    assert (further.code, further.facts["payload"]) == ("mark.further.unnamed", other.hex)
    assert "3-7 s" in further.say("en")
    assert "화면" in further.say("ko")
    assert look.region is not None
    assert look.region.rows[0] == "###...."
    assert look.verdict is Verdict.UNDECIDED


def test_other_sound_is_told(film: Marked, copy: list[np.ndarray]):
    strange = embed_sound(music(6.0, SOUND_RATE), SOUND_RATE, Payload(namespace=9, item=9)).samples
    look = film.look(made_film(copy, Track(strange)))
    assert look.verdict is Verdict.FAILS
    assert "mark.video-sound.differs" in codes(look)
    assert look.say("en").startswith("Pictures and sound carry different marks")


@pytest.mark.slow
def test_unmarked_sound_is_told(film: Marked, copy: list[np.ndarray]):
    look = film.look(made_film(copy, Track(speech(6.0, SOUND_RATE, 33))))
    assert look.verdict is Verdict.UNDECIDED
    assert {"mark.video.read", "mark.video-sound.missing"} <= codes(look)


def test_no_sound_is_told(film: Marked, copy: list[np.ndarray]):
    look = film.look(made_film(copy))
    assert look.verdict is Verdict.UNDECIDED
    assert {"mark.video.read", "mark.video-sound.gone", "mark.video-content.same"} <= codes(look)


@pytest.mark.slow
def test_the_sound_alone_still_leads_to_the_maker(film: Marked):
    look = film.look(made_film(frames(6.0, seed=5), Track(heard(film.data))))
    assert look.verdict is Verdict.UNDECIDED
    assert look.record is not None
    assert {"mark.video.absent", "mark.video-sound.alone", "mark.log.found"} <= codes(look)


def test_a_mark_copied_onto_another_film_fails(film: Marked):
    key, payload = film.means.keys[0], Payload.from_int(int(film.made.payload, 16))
    forged = [embed(each, payload, key, psnr_db=38.0).pixels for each in frames(2.0, seed=70)]
    look = film.look(made_film(forged))
    assert look.state is State.COPIED
    assert look.verdict is Verdict.FAILS
    assert "mark.video-content.differs" in codes(look)


@pytest.mark.slow
def test_an_unmarked_film_says_nothing_and_a_likeness_is_found(film: Marked, source: bytes):
    look = look_at_video(made_film(frames(1.0, seed=50)), film.means)
    assert look.state is State.NOTHING
    assert look.verdict is Verdict.UNDECIDED
    assert {"mark.video.absent", "mark.log.absent", "mark.label.absent"} <= codes(look)
    look = film.look(made_film(shown(source)[:RATE]))  # the maker's own source: looks like what was logged
    assert look.state is State.LIKENESS
    assert look.verdict is Verdict.UNDECIDED


def test_a_film_so_small_that_only_the_sharper_bound_holds_is_read():
    payload = Payload(namespace=0x1234, item=0x9ABCDEF0)
    rng = np.random.default_rng(0)
    coarse = rng.normal(128, 40, (24, 24)).astype(np.float32)
    drawn = cv2.resize(coarse, (512, 512), interpolation=cv2.INTER_CUBIC) + rng.normal(0, 4, (512, 512))
    pixels = np.repeat(np.clip(drawn, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    small = cv2.resize(embed(pixels, payload).pixels, (144, 144), interpolation=cv2.INTER_AREA)
    pool = Pool()
    for at_s in (0.0, 1.0, 2.0):
        pool.add(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), at_s, 1)
    told = detect_in(pool, [PUBLIC_KEY], 3.0)
    (mark,) = told.marks
    assert mark.payload == payload
    assert mark.log10_p == log10_counted(mark.log10_tail, told.attempts) <= LOG10_P_LIMIT
    assert log10_p(mark.statistic, told.attempts) > LOG10_P_LIMIT, "by the weights of its decode alone"


@pytest.mark.slow
def test_keys_that_wrote_nothing_read_nothing(film: Marked):
    pool = watch(film.data, form_of(film.data)).pool
    wrong = [MarkKey(str(at), sha256(b"wrong %d" % at).digest()) for at in range(20)]
    told = detect_in(pool, wrong, 6.0)
    assert told.marks == ()
    assert told.attempts >= len(wrong)
    assert log10_p(told.best_statistic, told.attempts) > -4.0
    right = detect_in(pool, [*wrong, PUBLIC_KEY], 6.0)
    assert [mark.key_id for mark in right.marks] == [PUBLIC_KEY.id]
    assert right.marks[0].log10_p == log10_counted(right.marks[0].log10_tail, 21)


VP9 = {"crf": "20", "b": "0", "deadline": "realtime", "cpu-used": "8"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "codec", "sound"), [("webm", "libvpx-vp9", "libopus"), ("matroska", "libx264", "aac")]
)
def test_other_containers_carry_all_but_a_credential(
    studio: Studio, tmp_path: Path, kind: str, codec: str, sound: str
):
    track = Track(speech(6.0, SOUND_RATE), sound)
    options = VP9 if kind == "webm" else None
    source = made_film(frames(2.0), track, kind=kind, codec=codec, options=options)
    film = marked(studio, source, tmp_path, suffix=kind)
    assert film.made.manifest == b""
    look = film.look()
    assert look.verdict is Verdict.HOLDS
    assert {"mark.label.agrees", "mark.credential.absent", "mark.sound.read"} <= codes(look)


def test_the_visible_label_is_on_every_frame(studio: Studio, tmp_path: Path):
    source = made_film(frames(1.0))
    film = marked(studio, source, tmp_path, Wish(countries=("KR",), visible=True))
    before, after = shown(source), shown(film.data)
    corner = np.s_[-30:, -90:]
    pairs = zip(before, after, strict=True)
    changed = [float(np.abs(one[corner].astype(int) - other[corner]).mean()) for one, other in pairs]
    assert min(changed) > 20
    assert "KR.31.3" in film.made.item.label.serves


def test_the_cue_is_heard_over_the_beginning_and_nothing_is_shifted(studio: Studio, tmp_path: Path):
    voice = 0.3 * speech(6.0, SOUND_RATE)
    source = made_film(frames(6.0), Track(voice))
    film = marked(studio, source, tmp_path, Wish(countries=("CN",), visible=True))
    before, after = heard(source), heard(film.data)
    assert abs(len(after) - len(before)) <= 2048
    unit = round(0.09 * SOUND_RATE)
    tone = np.exp(-2j * np.pi * 880.0 / SOUND_RATE * np.arange(unit))

    def rhythm(sound: np.ndarray) -> str:
        parts = sound[: 13 * unit].reshape(13, unit)
        return "".join("#" if 2 * abs(part @ tone) / unit > 0.12 else "." for part in parts)

    assert rhythm(after) == "#.###...#.#.."
    assert "#" not in rhythm(before)
    assert film.made.sound_held is True
    later = slice(2 * SOUND_RATE, 5 * SOUND_RATE)
    assert np.corrcoef(before[later], after[later])[0, 1] > 0.9


@pytest.mark.slow
def test_a_quiet_film_is_marked_in_its_pictures(studio: Studio, tmp_path: Path):
    film = marked(studio, made_film(frames(2.0), Track(np.zeros(2 * SOUND_RATE))), tmp_path)
    assert film.made.sound_held is False
    assert len(film.made.item.marks) == 1
    assert film.look().verdict is Verdict.HOLDS


@pytest.mark.slow
def test_quicktime_carries_every_layer(studio: Studio, tmp_path: Path):
    source = made_film(frames(6.0), Track(speech(6.0, SOUND_RATE)), kind="mov")
    film = marked(studio, source, tmp_path, suffix="mov")
    assert film.made.media_type == "video/quicktime"
    assert film.made.manifest
    look = film.look()
    assert look.verdict is Verdict.HOLDS
    assert look.credential is not None
    assert {"mark.credential.unrecognised", "mark.binding.agrees", "mark.label.agrees"} <= codes(look)
    assert "mark.video-sound.agrees" in codes(look)


@pytest.mark.slow
def test_a_credential_that_was_there_is_kept(film: Marked, studio: Studio, tmp_path: Path):
    again = marked(studio, film.data, tmp_path, item=2)
    look = again.look()
    assert look.credential is not None
    assert look.credential.ingredients == 1
