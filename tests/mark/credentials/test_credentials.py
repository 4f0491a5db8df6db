"""A credential tells who made a file, survives as a sidecar, and never calls the unknown false."""

import pytest
from tests.mark.credentials.conftest import FORMATS, SAYS, picture

from haechi.findings import Verdict
from haechi.mark.credentials import (
    STATUSES,
    AnchorsUnreadable,
    Authority,
    CredentialRefused,
    TrustSource,
    anchors,
    explain,
    official_list,
    published_anchors,
    read_credential,
    sign_credential,
)
from haechi.statement.kinds.document import KIND as DOCUMENT
from haechi.words import Text

pytest.importorskip("c2pa", reason="the extra `mark` is not installed")
each_format = pytest.mark.parametrize("media_type", FORMATS)


def trusting(authority: Authority) -> list[TrustSource]:
    return [official_list(), anchors(Text("Korea", "한국"), authority.root.pem)]


@each_format
def test_a_genuine_file_is_trusted_where_its_root_is_an_anchor(media_type: str, authority: Authority):
    signed = sign_credential(picture(media_type), media_type, SAYS, authority)
    reading = read_credential(signed.data, media_type, trusting(authority))
    assert reading.finding.code == "mark.credential.trusted"
    assert reading.finding.facts["by"] == Text("Korea", "한국")
    told = reading.credential
    assert told is not None
    assert told.signer == "Example Company"
    assert told.source_type == "trainedAlgorithmicMedia"
    assert told.bindings == SAYS.bindings
    assert dict(told.log) == dict(SAYS.log)


@each_format
def test_the_same_file_is_unrecognised_without_the_anchor_and_not_called_changed(
    media_type: str, authority: Authority
):
    signed = sign_credential(picture(media_type), media_type, SAYS, authority)
    reading = read_credential(signed.data, media_type)
    assert reading.finding.code == "mark.credential.unrecognised"
    assert reading.finding.verdict is Verdict.UNDECIDED
    assert reading.credential is not None
    assert "signingCredential.untrusted" in {status.code for status in reading.credential.statuses}


@each_format
def test_one_changed_byte_of_the_picture_fails(media_type: str, authority: Authority):
    source = picture(media_type)
    signed = sign_credential(source, media_type, SAYS, authority)
    # a byte of the picture's own data, which stands in the signed file as it stood in the source
    sample = source[len(source) // 2 : len(source) // 2 + 24]
    at = signed.data.index(sample)
    changed = signed.data[:at] + bytes((sample[0] ^ 1,)) + signed.data[at + 1 :]
    finding = read_credential(changed, media_type, trusting(authority)).finding
    assert finding.verdict is Verdict.FAILS
    assert finding.code in ("mark.credential.altered", "mark.credential.broken")


@each_format
def test_a_stripped_file_has_none_and_the_sidecar_is_found_for_it(media_type: str, authority: Authority):
    source = picture(media_type)
    signed = sign_credential(source, media_type, SAYS, authority)
    assert read_credential(source, media_type).finding.code == "mark.credential.absent"
    again = read_credential(source, media_type, trusting(authority), manifest=signed.manifest)
    assert again.finding.code == "mark.credential.recovered"
    assert again.credential is not None
    assert again.credential.bindings == SAYS.bindings


def test_an_earlier_credential_is_kept_as_ingredient(authority: Authority):
    first = sign_credential(picture("image/png"), "image/png", SAYS, authority)
    second = sign_credential(picture("image/png", 2), "image/png", SAYS, authority, parent=first.data)
    reading = read_credential(second.data, "image/png", trusting(authority))
    assert reading.finding.code == "mark.credential.trusted"
    assert reading.credential is not None
    assert reading.credential.ingredients == 1


def test_a_credential_is_small_without_thumbnail(authority: Authority):
    source = picture("image/jpeg")
    assert len(sign_credential(source, "image/jpeg", SAYS, authority).data) - len(source) < 6000


def test_what_is_no_picture_is_refused(authority: Authority):
    with pytest.raises(CredentialRefused):
        sign_credential(b"GIF89a" + bytes(64), "image/gif", SAYS, authority)
    with pytest.raises(CredentialRefused):
        sign_credential(bytes(64), "image/png", SAYS, authority)


@pytest.mark.parametrize("size", [0, 1, 31, 400])
def test_rubbish_has_no_credential(size: int):
    finding = read_credential(bytes(size), "image/jpeg").finding
    assert finding.verdict is Verdict.UNDECIDED


def test_statuses_are_explained_and_unknown_is_never_called_tampered():
    for code in STATUSES:
        text = explain(code)
        assert text.en
        assert text.ko
    for code in ("signingCredential.untrusted", "timeStamp.untrusted", "signingCredential.expired"):
        assert "tamper" not in explain(code).en
        assert "변조" not in explain(code).ko
    assert explain("something.new").en


def test_anchors_that_a_country_publishes_are_taken_from_its_document(authority: Authority):
    import msgspec

    document = DOCUMENT.example()
    ref = msgspec.structs.replace(document.files[0], media_type="application/pem-certificate-chain")
    published = msgspec.structs.replace(document, files=(ref,))
    blobs = {ref.digest: authority.root.pem}
    (source,) = published_anchors([("aisi.kr.example", published)], blobs)
    signed = sign_credential(picture("image/png"), "image/png", SAYS, authority)
    assert read_credential(signed.data, "image/png", [source]).finding.verdict is Verdict.HOLDS
    assert published_anchors([("aisi.kr.example", document)], blobs) == ()
    with pytest.raises(AnchorsUnreadable):
        published_anchors([("aisi.kr.example", published)], {ref.digest: b"no certificate"})
