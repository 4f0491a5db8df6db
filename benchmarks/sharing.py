"""How long encryption to named recipients takes: one claim, to 1, 10 and 64, and its opening.

    python -m benchmarks.sharing

A claim has 600 bytes. The peer is the bare work that cannot be left out: one HPKE encryption per recipient
and one AES-256-GCM, by the same library. What the ratio shows beyond it are the shares that hide how many can
read, the strict form, and one more signature.
"""

import os

from benchmarks._table import Row, against, figure, report, timed
from cryptography import __version__ as cryptography_version
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from haechi.statement.envelope import About, Sharing, Statement
from haechi.statement.keys import SigningKey
from haechi.statement.seal_keys import Recipient, SealKey
from haechi.statement.sealed import read_sealed, seal
from haechi.statement.sharing import open_content, sign_encrypted

RUNS = 40
CLAIM = os.urandom(600)
PEER = f"bare HPKE and AES-GCM, cryptography {cryptography_version}"
SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
AMBER = About(
    issuer="company.example", subject="urn:uuid:0", issued_at=0, kind="document", sharing=Sharing.AMBER
)


def bare(recipients: list[Recipient]) -> None:
    """The least that any encryption to these recipients does."""
    key = os.urandom(32)
    AESGCM(key).encrypt(os.urandom(12), CLAIM, None)
    for one in recipients:
        SUITE.encrypt(key, one.point, b"info")


def ms(us: float) -> float:
    return us / 1000


def main() -> None:
    """Print and save the figures."""
    signer = SigningKey.generate()
    keys = [SealKey.generate() for _ in range(64)]
    rows: list[Row] = []
    for count in (1, 10, 64):
        to = [key.public for key in keys[:count]]
        sealing = timed(lambda to=to: seal(CLAIM, to, b"header"), [()] * RUNS)
        peer = timed(lambda to=to: bare(to), [()] * RUNS)
        rows.append(
            against(f"claim encrypted to {count} recipients", ms(sealing.us), ms(peer.us), "ms", PEER)
        )
    ten = [key.public for key in keys[:10]]
    signing = timed(lambda: sign_encrypted(signer, AMBER, CLAIM, ten), [()] * RUNS)
    rows.append(figure("AMBER statement to 10 recipients, signed", ms(signing.us), "ms", at_most=5))
    statement: Statement = signing.results[0]
    opening = timed(lambda: open_content(statement, None, keys[9:10]), [()] * RUNS)
    if any(opened.parcel.body != CLAIM for opened in opening.results):
        raise SystemExit("what was opened is not what was encrypted")
    rows.append(figure("the same opened by one of them (tries up to 16 shares)", ms(opening.us), "ms"))
    rows.append(figure("its size beyond the claim", len(statement.raw) - len(CLAIM), "bytes"))
    shares = len(read_sealed(statement.payload).shares)
    rows.append(figure("shares in it", shares, ""))
    report("sharing", "Sharing with a few", rows)


if __name__ == "__main__":
    main()
