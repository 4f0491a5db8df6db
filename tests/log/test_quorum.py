"""A witness policy file (c2sp.org/tlog-policy) means one thing, or is refused with the line that is wrong."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.network.parties import seed_of

from haechi.errors import TooLarge
from haechi.log.note import NoteSigner, SignatureType
from haechi.log.quorum import MAX_NAMES, MAX_POLICY_BYTES, WitnessPolicy, WitnessPolicyMalformed


def vkey(name: str, kind: SignatureType = SignatureType.COSIGNATURE_V1) -> str:
    return NoteSigner(name, kind, Ed25519PrivateKey.from_private_bytes(seed_of(name))).key.vkey


UK, SG = vkey("uk.example/w"), vkey("sg.example/w")
LOG = vkey("kr.example/log", SignatureType.ED25519)
GOOD = f"""# who watches
log {LOG} https://kr.example/log

witness uk {UK} https://uk.example/witness
witness\tsg   {SG}
group both 2 uk sg
group some any both
quorum some
"""


def test_the_whole_form_is_read_and_written_back() -> None:
    read = WitnessPolicy.parse(GOOD.encode())
    assert [line.name for line in read.witnesses] == ["uk", "sg"]
    assert read.witnesses[0].url == "https://uk.example/witness"
    assert read.logs[0].key.name == "kr.example/log"
    assert WitnessPolicy.parse(read.encode()) == read
    uk, sg = read.keys
    assert [read.met(each) for each in ([], [uk], [sg], [uk, sg])] == [False, False, False, True]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("quorum some\n", "", 8),
        ("quorum some\n", "quorum some\nquorum both\n", 9),
        ("quorum some", "quorum nobody", 8),
        ("quorum some", "quorum", 8),
        ("quorum some", "quorum some both", 8),
        ("quorum some", "Quorum some", 8),
        ("group both 2 uk sg", "group both 3 uk sg", 6),
        ("group both 2 uk sg", "group both 0 uk sg", 6),
        ("group both 2 uk sg", "group both 02 uk sg", 6),
        ("group both 2 uk sg", "group both +2 uk sg", 6),
        ("group both 2 uk sg", "group both two uk sg", 6),
        ("group both 2 uk sg", "group both 2", 6),
        ("group both 2 uk sg", "group both 2 uk jp", 6),
        ("group both 2 uk sg", "group both 2 uk uk", 6),
        ("group both 2 uk sg", "group uk 2 uk sg", 6),
        ("group both 2 uk sg", "group none 2 uk sg", 6),
        ("group some any both", "group some any uk", 7),
        ("group some any both", "group some any later", 7),
        (f"witness uk {UK} https://uk.example/witness", f"witness uk {UK} https://a https://b", 4),
        (f"witness uk {UK} https://uk.example/witness", "witness uk", 4),
        (f"witness uk {UK} https://uk.example/witness", f"witness none {UK}", 4),
        (f"witness uk {UK} https://uk.example/witness", f"witness uk {UK[:-1]}", 4),
        (f"witness uk {UK} https://uk.example/witness", f"witness uk {LOG}", 4),
        (f"witness uk {UK} https://uk.example/witness", "witness uk listed:uk.example/w", 4),
        (f"witness\tsg   {SG}", f"witness sg {UK}", 5),
        (f"witness\tsg   {SG}", f"witness uk {SG}", 5),
        (f"log {LOG}", f"log {LOG[:-4]}", 2),
        ("# who watches", "# who\x00watches", 1),
        ("# who watches", "# who\rwatches", 1),
        ("# who watches", "who watches", 1),
    ],
)
def test_a_line_that_says_nothing_clear_is_refused_by_its_number(old: str, new: str, line: int) -> None:
    assert old in GOOD
    with pytest.raises(WitnessPolicyMalformed) as refused:
        WitnessPolicy.parse(GOOD.replace(old, new, 1).encode("utf-8", "surrogateescape"))
    assert refused.value.facts["line"] == line
    assert refused.value.say("ko") != refused.value.say("en")


def test_bounds_are_kept() -> None:
    with pytest.raises(TooLarge):
        WitnessPolicy.parse(b"#" * (MAX_POLICY_BYTES + 1))
    lines = [f"witness w{n} {vkey(f'w{n}.example')}" for n in range(MAX_NAMES + 1)]
    with pytest.raises(WitnessPolicyMalformed) as refused:
        WitnessPolicy.parse("\n".join([*lines, "quorum none"]).encode())
    assert refused.value.facts["line"] == MAX_NAMES + 1


def test_names_that_are_no_text_come_back_as_they_were() -> None:
    raw = b"witness \xff\xfe " + UK.encode() + b"\nquorum \xff\xfe\n"
    assert WitnessPolicy.parse(raw).encode() == raw
