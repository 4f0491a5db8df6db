"""Signed statements: who says what about which subject (RFC 9943 section 6).

envelope.py   the statement itself: sign, decode strictly, verify;  header.py  its protected header
claims.py     its typed payload and the registry of kinds;  kinds/  one file a kind
jsonform.py   claims as JSON;  misfit.py  what is wrong with one;  reference.py  the reference pages
evidence.py   references to evidence files, hashed as a stream (RFC 9995)
keys.py       keys and thumbprints;  keyring.py  keys on disk;  pkcs8.py  encrypted;  ed25519.py  profile
sign1.py      COSE_Sign1;  cbor.py  strict CBOR;  breach.py  the rule that was broken
sentence.py   a reason inside an error, in the reader's language
"""
