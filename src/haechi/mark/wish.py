"""What is asked for when something is marked, whatever its medium."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from haechi.statement.kinds.content_mark import SourceType

if TYPE_CHECKING:
    from haechi.mark.image import Engine


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. countries: whose labels, such as ("KR", "EU"); visible: a label that people see.

    notice: the service tells its users in words; stamp_url: an RFC 3161 service for the credential;
    engine: of pictures, another watermark engine than ours (`psnr_db` is then its own matter).
    """

    countries: tuple[str, ...] = ()
    visible: bool = False
    notice: bool = False
    source_type: SourceType = "trainedAlgorithmicMedia"
    psnr_db: float | None = None
    stamp_url: str | None = None
    engine: "Engine | None" = None
