"""The ISCC Audio-Code of a sound (ISO 24138), where Chromaprint's program `fpcalc` is installed.

No library brings that fingerprint by itself; the code is made from it by iscc-core, as the standard's
reference implementation does.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

import msgspec

from haechi.mark.extra import require

PROGRAM = "fpcalc"
NAME = "ISCC Audio-Code"
_LIMIT_S = 120


class _Told(msgspec.Struct):
    fingerprint: list[int]


def audio_code(source: bytes, suffix: str) -> str | None:
    """The code of a sound file; None where `fpcalc` is not installed or cannot read it. Raises ExtraMissing.

    suffix: of the file's name, such as ".wav".
    """
    program = shutil.which(PROGRAM)
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sound{suffix}"
        path.write_bytes(source)
        try:
            made = subprocess.run(  # noqa: S603  # a fixed program on a file of ours
                [program, "-raw", "-json", "-signed", "-length", "0", str(path)],
                capture_output=True,
                timeout=_LIMIT_S,
                check=False,  # with FFmpeg 7 it ends with 3 at the end of a sound that it read whole
            ).stdout
            told = msgspec.json.decode(made, type=_Told)
        except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
            return None
    if not told.fingerprint:  # too short for one
        return None
    code: dict[str, str] = require("iscc_core").gen_audio_code(told.fingerprint)
    return code["iscc"]
