"""Fingerprints of pictures: PDQ and ISCC on the log, key points beside it, and a look-up by likeness."""

from haechi.mark.fingerprint.compare import Kept, check_content
from haechi.mark.fingerprint.index import FingerprintIndex, Near
from haechi.mark.fingerprint.keypoints import MEDIA_TYPE as SIGNATURE_TYPE
from haechi.mark.fingerprint.keypoints import Signature, SignatureMalformed, signature_of
from haechi.mark.fingerprint.prints import PDQ_SAME, Prints, dihedral_pdq, pdq_distance, prints_of
from haechi.mark.fingerprint.upright import Upright, upright

__all__ = [
    "PDQ_SAME",
    "SIGNATURE_TYPE",
    "FingerprintIndex",
    "Kept",
    "Near",
    "Prints",
    "Signature",
    "SignatureMalformed",
    "Upright",
    "check_content",
    "dihedral_pdq",
    "pdq_distance",
    "prints_of",
    "signature_of",
    "upright",
]
