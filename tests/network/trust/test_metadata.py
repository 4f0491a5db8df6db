"""A list is taken from the root that was given, and every known attack on the way has a code of its own."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.network.parties import ed25519_key
from tests.network.trust.ceremonies import (
    COUNTRIES,
    NOW,
    THIEF,
    WEEK,
    YEAR,
    Ceremony,
    begun,
    renamed,
)
from tests.network.trust.lists import LISTED
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface

from haechi.errors import HaechiError
from haechi.network.trust import package
from haechi.network.trust.ceremony import Parts
from haechi.network.trust.listing import FILE, MAX_LIST_BYTES, TrustList
from haechi.network.trust.metadata import (
    MAX_METADATA_BYTES,
    Held,
    Verified,
    fingerprint,
    require_root,
    update,
    verify,
)

Files = dict[str, bytes]


def taken(made: Ceremony, held: Held | None = None, now: datetime = NOW) -> Verified:
    """The update from what was published."""
    return took(made.given, dict(made.files), held, now)


def taken_with(made: Ceremony, name: str, raw: bytes | None) -> Verified:
    """The same with other bytes, or none, for one file."""
    return took(made.given, {**made.files, name: raw})


def took(
    given: bytes, files: dict[str, bytes | None], held: Held | None = None, now: datetime = NOW
) -> Verified:
    def fetch(name: str, limit: int) -> bytes | None:
        raw = files.get(name)
        return None if raw is None else raw[: limit + 1]

    return update(given, held, fetch, now)


def refused(code: str, ask: Callable[[], object]) -> HaechiError:
    with pytest.raises(HaechiError) as refusal:
        ask()
    assert refusal.value.code == code
    return refusal.value


def test_a_list_signed_by_two_of_three_is_taken() -> None:
    made = begun()
    got = taken(made)
    assert got.trust_list == LISTED
    assert made.verified is not None
    assert got.held == made.verified.held
    assert taken(made, got.held) == got
    assert verify(got.held).trust_list == LISTED


def test_a_newer_version_replaces_the_one_held() -> None:
    made = begun()
    old = taken(made)
    made.publish(renamed("Second"), by=COUNTRIES[1:])
    new = taken(made, old.held)
    assert (new.trust_list.name.en, new.targets.version) == ("Second", 2)


def test_nothing_is_fetched_without_a_root() -> None:
    asked: list[str] = []

    def fetch(name: str, limit: int) -> bytes | None:
        asked.append(name)
        return None

    refused("network.trust.malformed", lambda: update(b"{}", None, fetch, NOW))
    assert asked == []


def test_another_root_than_the_one_told_is_refused() -> None:
    root = begun().given
    told = fingerprint(root)
    require_root(root, " ".join((told[:32], told[32:])).upper())
    refused("network.trust.root-differs", lambda: require_root(root + b" ", told))


def test_signers_change_with_the_old_and_the_new_threshold() -> None:
    made = begun()
    old = taken(made)
    newcomers = [ed25519_key("jp signer"), ed25519_key("fr signer"), COUNTRIES[0]]
    made.rotate(newcomers, 2, by=[COUNTRIES[0], COUNTRIES[1], newcomers[0]])
    for held in (None, old.held):
        got = taken(made, held)
        assert got.root.version == 2
        assert [fingerprint(raw) for raw in got.held.roots] == [
            fingerprint(made.files[f"{version}.root.json"]) for version in (1, 2)
        ]
    made.publish(renamed("By the new ones"), by=newcomers[:2])
    assert taken(made, old.held).trust_list.name.en == "By the new ones"


@pytest.mark.parametrize(
    ("by", "code"),
    [
        (["jp", "fr"], "network.trust.foreign-key"),  # the new ones alone: nobody of the old root
        (["jp", "fr", "kr"], "network.trust.threshold"),  # one of two of the old
        (["kr", "uk"], "network.trust.threshold"),  # one of two of the new
    ],
)
def test_signers_do_not_change_by_themselves(by: list[str], code: str) -> None:
    keys = {name: ed25519_key(f"{name} signer") for name in ("kr", "uk", "jp", "fr")}
    made = begun()
    old = taken(made)
    refused(
        code, lambda: made.rotate([keys["jp"], keys["fr"], keys["kr"]], 2, by=[keys[name] for name in by])
    )
    made = begun()
    made.keys, made.threshold = [keys["jp"], keys["fr"], keys["kr"]], 2
    made.files["2.root.json"] = made.root([keys[name] for name in by], old.root)
    refused(code, lambda: taken(made, old.held))


def test_rollback_is_refused() -> None:
    made = begun()
    first = dict(made.files)
    made.publish(renamed("Second"))
    new = taken(made)
    assert took(made.given, dict(first)).targets.version == 1  # for a newcomer it is good
    told = refused("network.trust.rollback", lambda: took(made.given, dict(first), new.held))
    assert told.facts == {"role": "timestamp", "seen": 2, "got": 1}


def test_an_older_list_under_a_newer_timestamp_is_refused() -> None:
    made = begun()
    first = made.verified
    assert first is not None
    made.publish(renamed("Second"))
    held = taken(made).held
    # Whoever holds the online key names the first list as the newest one.
    made.keep(Parts(first.held.roots, first.held.targets, first.held.listed))
    told = refused("network.trust.rollback", lambda: taken(made, held))
    assert told.facts == {"role": "targets", "seen": 2, "got": 1}


@pytest.mark.parametrize(("late", "role"), [(WEEK, "timestamp"), (YEAR, "root"), (YEAR + WEEK, "root")])
def test_freezing_is_refused(late: timedelta, role: str) -> None:
    made = begun()
    held = taken(made, now=NOW + WEEK - timedelta(seconds=1)).held
    told = refused("network.trust.frozen", lambda: taken(made, held, NOW + late))
    assert told.facts["role"] == role
    assert verify(held).trust_list == LISTED  # what was verified stays verifiable, and says its age


def test_a_refreshed_timestamp_ends_the_doubt() -> None:
    made = begun()
    made.now = NOW + WEEK
    made.refresh()
    assert taken(made, now=NOW + WEEK).timestamp.version == 2


@pytest.mark.parametrize("name", ["1.snapshot.json", "1.targets.json", f"targets/*.{FILE}"])
def test_mix_and_match_is_refused(name: str) -> None:
    """Every part is properly signed, and one is of another version."""
    made, other = begun(), Ceremony()
    other.publish(renamed("Another"))
    assert other.given == made.given  # the same people, the same root
    ours, theirs = (next(key for key in one.files if matches(key, name)) for one in (made, other))
    told = refused("network.trust.mixed", lambda: taken_with(made, ours, other.files[theirs]))
    assert told.facts["expected"] != told.facts["got"]


def matches(name: str, pattern: str) -> bool:
    return name == pattern or ("*" in pattern and name.startswith("targets/"))


def test_two_timestamps_of_one_number_are_refused() -> None:
    made, other = begun(), Ceremony()
    other.publish(renamed("Another"))
    held = taken(made).held
    refused("network.trust.mixed", lambda: took(made.given, dict(other.files), held))


def test_arbitrary_software_keys_are_refused() -> None:
    made, fake = begun(), Ceremony(keys=[THIEF, ed25519_key("thief 2")], online=THIEF)
    fake.publish(renamed("Fake"))
    told = refused("network.trust.foreign-key", lambda: took(made.given, dict(fake.files)))
    assert told.facts["role"] == "timestamp"
    # With the online key stolen, too, the list itself still needs the countries.
    fake = Ceremony(keys=[THIEF, ed25519_key("thief 2")])
    fake.publish(renamed("Fake"))
    told = refused("network.trust.foreign-key", lambda: took(made.given, dict(fake.files)))
    assert told.facts["role"] == "targets"


def test_one_country_alone_is_refused() -> None:
    made = Ceremony(threshold=1)
    made.publish(LISTED)
    given = begun().given
    files = {**made.files, "1.root.json": given}
    alone = refused("network.trust.threshold", lambda: took(given, dict(files)))
    assert alone.facts["role"] == "targets"
    assert (alone.facts["need"], alone.facts["got"]) == (2, 1)


def test_a_signature_repeated_counts_once() -> None:
    made = begun()
    told = json.loads(made.given)
    told["signatures"] = [told["signatures"][0]] * 2
    refused("network.trust.malformed", lambda: took(json.dumps(told).encode(), dict(made.files)))


def test_one_key_under_two_names_is_refused() -> None:
    made = begun()
    told = json.loads(made.given)
    keyid = told["signed"]["roles"]["root"]["keyids"][0]
    told["signed"]["keys"]["ab" * 32] = told["signed"]["keys"][keyid]
    told["signed"]["roles"]["root"]["keyids"].append("ab" * 32)
    refused("statement.key", lambda: took(json.dumps(told).encode(), dict(made.files)))


def test_a_flipped_byte_of_any_file_is_refused() -> None:
    made = begun()
    for name, raw in made.files.items():
        for at in range(0, len(raw), max(1, len(raw) // 24)):
            flipped = bytes([*raw[:at], raw[at] ^ 1, *raw[at + 1 :]])
            given = flipped if name == "1.root.json" else made.given
            with pytest.raises(HaechiError):
                took(given, {**made.files, name: flipped})


@pytest.mark.parametrize(
    ("name", "limit"), [("timestamp.json", MAX_METADATA_BYTES), (f"targets/*.{FILE}", MAX_LIST_BYTES)]
)
def test_endless_data_is_refused(name: str, limit: int) -> None:
    made = begun()
    real = next(key for key in made.files if matches(key, name))
    refused("input.too-large", lambda: taken_with(made, real, b" " * (limit + 100)))


@pytest.mark.parametrize("name", ["timestamp.json", "1.snapshot.json", "1.targets.json"])
def test_a_missing_part_is_refused(name: str) -> None:
    refused("network.trust.malformed", lambda: taken_with(begun(), name, None))


def test_a_newer_list_that_forgets_is_refused() -> None:
    made = begun()
    held = taken(made).held
    made.publish(TrustList.from_json(LISTED.to_json().replace(b"Example Company", b"Example Firm")))
    assert taken(made, held).targets.version == 2
    short = TrustList(name=LISTED.name, organisations=LISTED.organisations, nodes=LISTED.nodes)
    made.publish(short)
    refused("network.trust.history-cut", lambda: taken(made, held))


def test_a_stolen_online_key_is_replaced_even_after_the_highest_number() -> None:
    made = begun()
    verified = taken(made)
    verified.timestamp.version = 1_000_000
    made.verified = verified
    made.refresh()
    held = taken(made).held  # the thief's number was seen
    made.online = ed25519_key("online 2")
    made.verified = begun().verified
    made.rotate(COUNTRIES, 2, by=COUNTRIES[:2])
    assert taken(made, held).timestamp.version == 2


def test_a_list_survives_its_file(tmp_path: Path) -> None:
    verified = taken(begun())
    path = tmp_path / "trust.json"
    assert package.load(path) is None
    package.save(path, verified.held)
    assert package.load(path) == verified
    assert path.stat().st_mode & 0o777 == 0o600
    raw = path.read_bytes()
    refused("network.trust.package", lambda: package.from_bytes(raw[:-20]))
    refused("network.trust.package", lambda: package.from_bytes(raw.replace(b"held/1", b"held/2")))


class FromFiles(FetcherInterface):
    """Serves a repository to the reference client."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def _fetch(self, url: str):
        from tuf.api.exceptions import DownloadHTTPError

        name = url.removeprefix("https://list.example/")
        if name not in self.files:
            raise DownloadHTTPError("not found", 404)
        return iter([self.files[name]])


def test_the_reference_client_takes_the_same_repository(tmp_path: Path) -> None:
    made = Ceremony(now=datetime.now(NOW.tzinfo))
    made.publish(LISTED)
    made.rotate([*COUNTRIES[1:], ed25519_key("jp signer")], 2, by=COUNTRIES)
    updater = Updater(
        metadata_dir=str(tmp_path / "metadata"),
        metadata_base_url="https://list.example/",
        target_dir=str(tmp_path),
        target_base_url="https://list.example/targets/",
        fetcher=FromFiles(made.files),
        bootstrap=made.given,
    )
    info = updater.get_targetinfo(FILE)
    assert info is not None
    assert Path(updater.download_target(info)).read_bytes() == LISTED.to_json()
    assert taken(made, now=made.now).trust_list == LISTED
