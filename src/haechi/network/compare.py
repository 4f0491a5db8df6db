"""The checkpoints in whatever a reader kept, to be compared with what a node holds now."""

import io
from typing import cast

from haechi.findings import CATALOGUE, Finding, found
from haechi.log.checkpoint import read_checkpoint
from haechi.log.proof import TlogProof
from haechi.network.answer import PeerMisbehaved, plain
from haechi.network.bundle import MAGIC, read_manifest
from haechi.network.report import CHECK

_PROOF = b"c2sp.org/tlog-proof"


def notes_in(raw: bytes) -> list[tuple[str, bytes]]:
    """Origin and note of each checkpoint in a checkpoint file, a tlog-proof or a bundle; each once.

    Nothing is verified. Raises BadInput and its kin for a file that is none of these.
    """
    if raw.startswith(MAGIC):
        proofs = [TlogProof.parse(item.proof) for item in read_manifest(io.BytesIO(raw)).items]
        notes = [proof.checkpoint for proof in proofs]
    elif raw.startswith(_PROOF):
        notes = [TlogProof.parse(raw).checkpoint]
    else:
        notes = [raw]
    return [(read_checkpoint(note)[0].origin, note) for note in dict.fromkeys(notes)]


def told_finding(answer: object) -> Finding:
    """The finding that a node answered in JSON: its code must be one that is known here.

    Raises PeerMisbehaved.
    """
    fields = cast("dict[str, object]", answer) if isinstance(answer, dict) else {}
    code, facts = fields.get("code"), fields.get("facts")
    known = isinstance(code, str) and code in CATALOGUE and code.startswith((CHECK, "log.checkpoint."))
    if not known or not isinstance(facts, dict):
        raise PeerMisbehaved(url="/checkpoints", why="it answered without a known finding")
    shown: dict[str, object] = {
        str(name): fact if isinstance(fact, int) else plain(str(fact))
        for name, fact in cast("dict[object, object]", facts).items()
    }
    try:
        finding = found(str(code), **shown)
        finding.say("en")
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise PeerMisbehaved(url="/checkpoints", why="its finding lacks facts") from error
    return finding
