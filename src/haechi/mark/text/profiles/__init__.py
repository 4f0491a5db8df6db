"""Readers of other engines' text marks: what an engine wrote, scored with a p-value that can be relied on.

A profile is everything that reading needs: engine, settings, key. Its issuer commits to it in the log by its
digest alone, and later shows the profile to whom it wants a detection from. Token ids are those of the text
without the prompt. Every pair of context and token counts once, as everywhere here, because repeated pairs
are what makes the engines' own detectors accuse human texts.
"""

from haechi.mark.text.profiles.file import ENGINES, load_profile, profile_from
from haechi.mark.text.profiles.kgw import KgwProfile
from haechi.mark.text.profiles.own import HaechiProfile
from haechi.mark.text.profiles.profile import Profile, ProfileReading, ProfileUnfit
from haechi.mark.text.profiles.synthid import SynthIdProfile
from haechi.mark.text.profiles.textseal import TextSealProfile
from haechi.mark.text.profiles.vllm import VllmProfile

__all__ = [
    "ENGINES",
    "HaechiProfile",
    "KgwProfile",
    "Profile",
    "ProfileReading",
    "ProfileUnfit",
    "SynthIdProfile",
    "TextSealProfile",
    "VllmProfile",
    "load_profile",
    "profile_from",
]
