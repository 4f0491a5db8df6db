"""Profiles as files: canonical JSON, whose SHA-256 is what an issuer commits to."""

import json
from pathlib import Path
from typing import Any

import msgspec

from haechi.errors import NotFound
from haechi.mark.text.profiles.kgw import KgwProfile
from haechi.mark.text.profiles.own import HaechiProfile
from haechi.mark.text.profiles.profile import Profile, ProfileUnfit
from haechi.mark.text.profiles.synthid import SynthIdProfile
from haechi.mark.text.profiles.textseal import TextSealProfile
from haechi.mark.text.profiles.vllm import VllmProfile
from haechi.words import Text

MOST_PROFILE_BYTES = 64 * 1024
_KINDS: tuple[type[Profile], ...] = (HaechiProfile, VllmProfile, SynthIdProfile, KgwProfile, TextSealProfile)
ENGINES: dict[str, type[Profile]] = {kind.engine: kind for kind in _KINDS}


def profile_from(raw: bytes) -> Profile:
    """The profile in a file; raises ProfileUnfit for anything else than one known form.

    Members may stand in any order and with any spaces; the digest is that of the canonical form.
    """
    if len(raw) > MOST_PROFILE_BYTES:
        raise ProfileUnfit(why=Text("the file is too large", "파일이 너무 큼"))
    try:
        told: Any = json.loads(raw)
        kind = ENGINES[told.pop("engine")]
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        names = ", ".join(ENGINES)
        raise ProfileUnfit(
            why=Text(f"it names none of the engines {names}", f"다음 엔진이 적혀 있지 않음: {names}")
        ) from error
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        said = str(error)[:200]
        raise ProfileUnfit(why=Text(f"a field is wrong: {said}", f"잘못된 항목: {said}")) from error


def load_profile(path: Path) -> Profile:
    """The profile in a file on disk; raises NotFound, ProfileUnfit."""
    try:
        with path.open("rb") as file:
            return profile_from(file.read(MOST_PROFILE_BYTES + 1))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound(what_is=Text("mark profile", "마크 프로필"), name=str(path)) from error
