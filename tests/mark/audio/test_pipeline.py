"""A sound marked with all layers is told from a copy, another sound, and another maker's word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from tests.mark.audio.sounds import faster, music, speech
from tests.mark.audio.test_codec import made, wav
from tests.network.parties import COMPANY
from tests.network.test_keyhistory import Story

from haechi.facts import load
from haechi.findings import Verdict
from haechi.mark.audio import embed, encode_sound, iscc, open_sound
from haechi.mark.audio.cue import rhythm_cue, spoken_notice
from haechi.mark.audio.detect import detect, prepared
from haechi.mark.audio.labels import packet_in_sound
from haechi.mark.audio.look import SoundLook, look_at_sound
from haechi.mark.audio.presence import presence
from haechi.mark.audio.prints import SoundPrint, SoundPrintMalformed, compared, print_of
from haechi.mark.audio.produce import MarkedSoundFile, SoundMarkNotHeld, produce_sound
from haechi.mark.credentials import make_authority
from haechi.mark.examine import Means
from haechi.mark.image import PUBLIC_KEY, MarkKey, Payload
from haechi.mark.labels import read_labels
from haechi.mark.pipeline import statement_for
from haechi.mark.records import Book, records_of
from haechi.mark.said import subject_of
from haechi.mark.studio import Maker, Studio
from haechi.mark.text.prints import iscc_distance
from haechi.mark.verdict import State
from haechi.mark.wish import Wish
from haechi.statement.kinds.content_mark import ContentMark

NOW = datetime(2026, 9, 20, 4, 30, tzinfo=UTC)
RATE = 16_000


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    maker = Maker(
        issuer="voice.example", provider="Voice", system="Speaker", version="1", country="KR", namespace=7
    )
    return Studio.create(tmp_path_factory.mktemp("studio") / "s", maker, NOW, lambda size: bytes(range(size)))


def _marked(studio: Studio, source: bytes, wish: Wish | None = None, item: int = 1) -> MarkedSoundFile:
    return produce_sound(source, "clip", studio, wish or Wish(), Payload(namespace=7, item=item), NOW)


def _book(studio: Studio, *files: MarkedSoundFile) -> Means:
    book = Book()
    for file in files:
        claim = ContentMark(item=file.item)
        statement = statement_for(claim, subject_of(file.payload), studio, load(), NOW)
        blobs = {ref.digest: file.kept[ref.name] for ref in _refs(file) if ref.name is not None}
        for digest, data in blobs.items():
            book.add_blob(digest, data)
        for record in records_of(statement, load(), "here", [statement.check_signature()], blobs):
            book.add(record)
    return Means(registry=book)


def _refs(file: MarkedSoundFile):
    prints = file.item.fingerprints
    return [each for each in (file.item.credential, prints and prints.kept) if each]


@pytest.fixture(scope="module")
def clip(studio: Studio) -> MarkedSoundFile:
    return _marked(studio, wav(speech(12.0), RATE), Wish(countries=("KR", "EU", "CN"), notice=True))


def _codes(look: SoundLook) -> set[str]:
    return {layer.code for layer in look.layers}


def test_a_marked_sound_holds_on_every_layer(studio: Studio, clip: MarkedSoundFile):
    look = look_at_sound(clip.data, _book(studio, clip))
    assert look.state is State.AGREE
    assert look.verdict is Verdict.HOLDS
    assert {
        "mark.sound.read",
        "mark.sound-presence.whole",
        "mark.log.found",
        "mark.sound-content.same",
        "mark.binding.agrees",
        "mark.label.agrees",
    } <= _codes(look)
    told = look.as_dict("ko")
    assert told["medium"] == "audio"
    assert told["maker"] == "voice.example"
    assert set(told["presence"][0]) <= {"#", "?"}
    assert clip.item.extent is not None
    assert clip.item.extent.amount == 12_000
    assert "KR.31.2" in clip.item.label.serves


@pytest.mark.parametrize("kind", ["FLAC", "MP3", "M4A", "OGG"])
def test_every_format_with_its_layers(studio: Studio, kind: str):
    file = _marked(studio, made(kind), item=5)
    look = look_at_sound(file.data, _book(studio, file))
    assert look.verdict is Verdict.HOLDS
    assert "mark.label.agrees" in _codes(look)
    packet = packet_in_sound(file.data)
    assert packet is not None
    assert read_labels(packet).provider == "Voice"
    assert (kind == "OGG") == (file.manifest == b"")
    assert (kind != "OGG") == ("mark.binding.agrees" in _codes(look))


def test_a_copy_without_metadata_cropped_and_faster_is_named(studio: Studio, clip: MarkedSoundFile):
    opened = open_sound(clip.data)
    played = faster(opened.samples[3 * RATE :, 0], 4)
    look = look_at_sound(wav(played, RATE), _book(studio, clip))
    assert look.state is State.AGREE
    assert {"mark.sound-content.same", "mark.label.absent"} <= _codes(look)


def test_the_seconds_that_were_replaced_are_told(studio: Studio, clip: MarkedSoundFile):
    opened = open_sound(clip.data)
    changed = opened.samples.copy()
    changed[5 * RATE : 8 * RATE, 0] = music(3.0, seed=8)
    look = look_at_sound(encode_sound(opened, changed).data, _book(studio, clip))
    assert look.verdict is Verdict.UNDECIDED
    assert look.region is not None
    row = look.region.rows[0]
    assert row[6] == "."
    assert row[1] == row[10] == "#"
    assert "mark.sound-presence.partial" in _codes(look)
    assert look.say("en").endswith("But not all of it: a part carries no mark.")


def test_of_two_marked_sounds_in_one_file_both_are_named(studio: Studio, clip: MarkedSoundFile):
    other = _marked(studio, wav(music(32.0), RATE), item=9)
    joined = np.concatenate([open_sound(each.data).samples[:, 0] for each in (clip, other)])
    look = look_at_sound(wav(joined, RATE), _book(studio, clip, other))
    (read,) = [each for each in look.layers if each.code == "mark.sound.read"]
    (further,) = [each for each in look.layers if each.check == "mark.further"]
    assert {read.facts["payload"], further.facts["payload"]} == {clip.payload, other.payload}
    assert further.code == "mark.further.named"
    assert further.facts["issuer"] == "voice.example"


def test_another_sound_under_a_logged_mark_fails(studio: Studio, clip: MarkedSoundFile):
    forged = embed(music(12.0, seed=5), RATE, Payload(namespace=7, item=1), PUBLIC_KEY).samples
    look = look_at_sound(wav(forged, RATE), _book(studio, clip))
    assert look.state is State.COPIED
    assert look.verdict is Verdict.FAILS


def test_a_mark_that_nobody_signed_for_and_no_mark_say_little(studio: Studio, clip: MarkedSoundFile):
    assert look_at_sound(clip.data, Means()).state is State.TOO_LITTLE
    plain = look_at_sound(wav(speech(4.0, seed=2), RATE), _book(studio, clip))
    assert plain.state is State.NOTHING
    assert plain.verdict is Verdict.UNDECIDED
    assert "says nothing about how" in plain.say("en")
    short = look_at_sound(wav(speech(1.0), RATE), Means())
    assert "mark.sound.too-short" in _codes(short)


def test_the_same_payload_under_a_key_that_was_not_signed_for_fails(
    studio: Studio, clip: MarkedSoundFile, key: MarkKey
):
    """What a key that was taken back, or never given, reads is not what the log speaks of."""
    other = embed(speech(12.0), RATE, Payload(namespace=7, item=1), key).samples
    means = replace(_book(studio, clip), keys=(key,))
    look = look_at_sound(wav(other, RATE), means)
    assert "mark.log.other-key" in _codes(look)
    assert look.verdict is Verdict.FAILS


def test_a_mark_that_was_signed_for_with_a_revoked_key_fails():
    """The log says that the key was revoked before the statement about the sound came into it."""
    story = Story()
    maker = Maker(issuer=COMPANY, provider="Voice", system="Speaker", version="1", country="KR", namespace=7)
    authority = make_authority("Voice", "KR", NOW)
    studio = Studio(maker, PUBLIC_KEY, story.company_key, authority)
    file = _marked(studio, wav(speech(8.0), RATE))

    def seen(now: datetime) -> SoundLook:
        claim = ContentMark(item=file.item)
        statement = statement_for(claim, subject_of(file.payload), studio, load(), now)
        story.korea.log(statement)
        findings = story.verify(statement, story.pinned()).sections[0].findings
        blobs = {ref.digest: file.kept[ref.name] for ref in _refs(file) if ref.name is not None}
        book = Book()
        for digest, data in blobs.items():
            book.add_blob(digest, data)
        signer = [each for each in findings if each.check in ("network.key", "network.issuer")]
        for record in records_of(statement, load(), "korea", signer, blobs):
            book.add(record)
        return look_at_sound(file.data, Means(registry=book))

    assert "mark.log.found" in _codes(seen(NOW))
    story.event("revoke", story.company_key)
    after = seen(NOW + timedelta(hours=1))
    (log,) = [layer for layer in after.layers if layer.code == "mark.log.refuted"]
    assert log.facts["why"] == "network.key.revoked"
    assert after.verdict is Verdict.FAILS


def test_a_sound_that_cannot_hold_a_mark_is_refused(studio: Studio):
    with pytest.raises(SoundMarkNotHeld):
        _marked(studio, wav(np.zeros(8 * RATE), RATE))


def test_the_rhythm_is_short_long_short_short_and_comes_first(studio: Studio):
    cue = rhythm_cue(RATE)
    loud = np.abs(cue.reshape(-1, RATE * 9 // 100)).max(axis=1) > 0.1
    assert "".join("#" if each else "." for each in loud) == "#.###...#.#.."
    file = _marked(studio, wav(speech(8.0), RATE), Wish(countries=("CN",), visible=True))
    opened = open_sound(file.data)
    assert len(opened.samples) >= 8 * RATE + len(cue)
    assert "CN.LBL.4" in file.item.label.serves
    look = look_at_sound(file.data, _book(studio, file))
    assert look.verdict is Verdict.HOLDS


def test_words_are_spoken_where_a_speaker_is_installed(monkeypatch: pytest.MonkeyPatch):
    said = spoken_notice("made by a machine", "en", RATE)
    assert said is None or len(said) > RATE // 2
    assert spoken_notice("x", "tlh", RATE) is None
    monkeypatch.setenv("PATH", "/nowhere")
    assert spoken_notice("made by a machine", "en", RATE) is None


def test_the_iscc_code_is_written_where_its_program_is_and_missed_where_not(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    source = wav(speech(8.0), RATE)
    monkeypatch.setattr(iscc, "PROGRAM", str(tmp_path / "fpcalc"))
    without = _marked(studio, source)
    assert without.item.fingerprints is not None
    assert without.item.fingerprints.iscc is None
    assert without.left_behind == ("ISCC Audio-Code",)
    program = tmp_path / "fpcalc"
    program.write_text('#!/bin/sh\necho \'{"duration": 8.0, "fingerprint": [15, -1, 7, 1000000]}\'\n')
    program.chmod(0o755)
    made = _marked(studio, source)
    assert made.item.fingerprints is not None
    assert (made.item.fingerprints.iscc or "").startswith("ISCC:EIA")
    assert made.left_behind == ()
    for broken in ("exit 1", "echo no", "echo '{\"fingerprint\": []}'"):
        program.write_text(f"#!/bin/sh\n{broken}\n")
        assert iscc.audio_code(source, ".wav") is None


@pytest.mark.skipif(which("fpcalc") is None, reason="fpcalc is not installed")
def test_the_iscc_code_of_a_copy_is_near(clip: MarkedSoundFile):
    opened = open_sound(clip.data)
    sounds = (clip.data, wav(opened.samples[:, 0] * 0.7, RATE), wav(music(12.0), RATE))
    same, copy, other = (iscc.audio_code(each, ".wav") or "" for each in sounds)
    assert iscc_distance(same, copy) <= 8
    assert iscc_distance(same, other) >= 16


def test_presence_of_a_mark_in_a_part(key: MarkKey, payload: Payload):
    marked = embed(speech(10.0), RATE, payload, key).samples
    sound = prepared(np.concatenate([music(6.0), marked, music(6.0, seed=3)]), RATE)
    mark = detect(sound, RATE, [key], full=False).marks[0]
    row = presence(sound, mark, key).row
    assert row[:5].count("#") <= 1
    assert row[7:15] == "#" * 8
    assert row[17:].count("#") <= 1


def test_prints_agree_with_copies_and_with_nothing_else():
    sound = speech(8.0)
    whole = print_of(sound)
    noisy = sound[2 * RATE : 7 * RATE] + np.random.default_rng(1).normal(0, 0.003, 5 * RATE)
    part = print_of(noisy.astype(np.float32))
    assert compared(whole, part).agreement > 0.75
    assert compared(whole, print_of(music(8.0))).agreement < 0.6
    assert SoundPrint.from_bytes(whole.to_bytes()).bits.tolist() == whole.bits.tolist()
    for broken in (b"", whole.to_bytes()[1:], whole.to_bytes() + b"x"):
        with pytest.raises(SoundPrintMalformed):
            SoundPrint.from_bytes(broken)
