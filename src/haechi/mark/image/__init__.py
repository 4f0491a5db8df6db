"""The image watermark: 64 bits in a picture that survive what pictures go through (haechi-lattice-1).

>>> from haechi.mark.image import Payload
>>> Payload(namespace=7, item=1).hex
'0007000000000001'

Needs the extra `mark` (numpy, OpenCV, Pillow). Arrays go through `embed` and `detect`, files through
`mark_file` and `detect_file`.
"""

from haechi.mark.bound import LOG10_P_LIMIT, log10_p
from haechi.mark.image.adapter import (
    LATTICE_ALGORITHM,
    Engine,
    EngineMark,
    EngineReading,
    EngineUnfit,
    read_with,
    write_with,
)
from haechi.mark.image.codec import FileTooLarge, FileUnfit, FileUnreadable, encode_picture, open_picture
from haechi.mark.image.detect import Detection, Mark, detect
from haechi.mark.image.embed import (
    Marked,
    PictureSaturated,
    PictureTooSmall,
    PixelsUnfit,
    default_psnr_db,
    embed,
)
from haechi.mark.image.files import MarkedFile, MarkNotHeld, detect_file, mark_file
from haechi.mark.image.geometry import Geometry
from haechi.mark.image.keys import PUBLIC_KEY, MarkKey, MarkKeyMalformed
from haechi.mark.image.presence import PresenceMap, presence
from haechi.mark.payload import Payload, PayloadOutOfRange

__all__ = [
    "LATTICE_ALGORITHM",
    "LOG10_P_LIMIT",
    "PUBLIC_KEY",
    "Detection",
    "Engine",
    "EngineMark",
    "EngineReading",
    "EngineUnfit",
    "FileTooLarge",
    "FileUnfit",
    "FileUnreadable",
    "Geometry",
    "Mark",
    "MarkKey",
    "MarkKeyMalformed",
    "MarkNotHeld",
    "Marked",
    "MarkedFile",
    "Payload",
    "PayloadOutOfRange",
    "PictureSaturated",
    "PictureTooSmall",
    "PixelsUnfit",
    "PresenceMap",
    "default_psnr_db",
    "detect",
    "detect_file",
    "embed",
    "encode_picture",
    "log10_p",
    "mark_file",
    "open_picture",
    "presence",
    "read_with",
    "write_with",
]
