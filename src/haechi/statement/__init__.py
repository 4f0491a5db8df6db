"""Signed statements: who says what about which subject (RFC 9943 section 6).

    envelope.py   the statement itself: sign, decode strictly, verify
    claims.py     its typed payload and the registry of kinds
    kinds/        one file a kind
    evidence.py   references to evidence files, hashed as a stream (RFC 9995)
    keys.py       keys and thumbprints;  keyring.py  keys on disk;  ed25519.py  the strict profile
    sign1.py      COSE_Sign1;            cbor.py     strict CBOR
"""
