"""What every medium of the demonstration needs: a maker's studio, and its statement at Korea's node."""

import hashlib
import os
from datetime import datetime
from typing import TYPE_CHECKING

from haechi.statement.envelope import Statement

if TYPE_CHECKING:
    from haechi.cli.demo_steps import Demonstration
    from haechi.mark.audio.produce import MarkedSoundFile
    from haechi.mark.pipeline import Produced
    from haechi.mark.studio import Studio
    from haechi.mark.video import MarkedVideo


def open_studio(demo: "Demonstration", issuer: str, system: str, folder: str, now: datetime) -> "Studio":
    """The company's studio for one system, made in a folder of the demonstration; it signs with its key."""
    from haechi.mark.image import PUBLIC_KEY
    from haechi.mark.studio import Maker, Studio, namespace_of

    maker = Maker(
        issuer=issuer,
        provider="Example Company",
        system=system,
        version="1",
        country="KR",
        namespace=namespace_of(issuer),
    )
    made = Studio.create(demo.root / folder, maker, now, os.urandom)
    return Studio(maker, PUBLIC_KEY, demo.company_key, made.authority)


def publish(
    demo: "Demonstration",
    produced: "Produced | MarkedSoundFile | MarkedVideo",
    studio: "Studio",
    now: datetime,
    prefix: str = "",
) -> Statement:
    """The statement of a mark, registered in Korea with the files beside it; returns once the UK has all.

    prefix: of the names under which the files are kept.
    """
    from haechi.mark.pipeline import statement_for
    from haechi.mark.said import subject_of
    from haechi.statement.kinds.content_mark import ContentMark

    subject = subject_of(produced.payload)
    statement = statement_for(ContentMark(item=produced.item), subject, studio, demo.facts, now)
    with demo.nodes["kr"].client() as client:
        client.post("/entries", statement.raw, "application/cose", 65536)
        for name, data in produced.kept.items():
            path = demo.root / f"{prefix}{name}"
            path.write_bytes(data)
            client.put_file(f"/blobs/{hashlib.sha256(data).hexdigest()}", path)
    demo.wait_for("uk", f"/statements/{statement.digest_hex}")
    for data in produced.kept.values():
        demo.wait_for("uk", f"/blobs/{hashlib.sha256(data).hexdigest()}")
    return statement
