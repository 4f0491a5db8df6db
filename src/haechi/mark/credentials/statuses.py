"""C2PA status codes in plain words (C2PA 2.x, section 15 "Validation").

Not recognised is not tampered: nothing here says of a credential that it was falsified because its signer
is unknown, its list old, or its time stamp from elsewhere.
"""

from haechi.words import Text

STATUSES: dict[str, Text] = {
    "claimSignature.validated": Text("the signature on the credential holds", "자격 증명의 서명이 맞습니다"),
    "claimSignature.insideValidity": Text(
        "it was signed while the certificate was valid", "인증서의 유효 기간 안에 서명되었습니다"
    ),
    "claimSignature.outsideValidity": Text(
        "it was signed outside the time for which the certificate is valid",
        "인증서의 유효 기간 밖에서 서명되었습니다",
    ),
    "claimSignature.missing": Text("the credential has no signature", "자격 증명에 서명이 없습니다"),
    "claimSignature.mismatch": Text(
        "the signature does not fit the credential: it was changed after signing",
        "서명이 자격 증명과 맞지 않습니다. 서명 뒤에 바뀌었습니다",
    ),
    "signingCredential.trusted": Text(
        "the signer's certificate leads to a recognised authority",
        "서명자의 인증서가 인정된 기관으로 이어집니다",
    ),
    "signingCredential.untrusted": Text(
        "the signer is not on the lists used here; that says nothing about the content",
        "서명자가 여기서 쓰는 목록에 없습니다. 콘텐츠에 대해서는 아무것도 뜻하지 않습니다",
    ),
    "signingCredential.invalid": Text(
        "the signer's certificate does not have the form that credentials ask for",
        "서명자의 인증서가 요구되는 형식이 아닙니다",
    ),
    "signingCredential.expired": Text(
        "the signer's certificate had run out, and no trusted time stamp shows an earlier signature",
        "서명자의 인증서가 만료되었고, 그 전에 서명했음을 보이는 신뢰된 시점 확인이 없습니다",
    ),
    "signingCredential.revoked": Text(
        "the signer's certificate was revoked", "서명자의 인증서가 폐지되었습니다"
    ),
    "signingCredential.ocsp.revoked": Text(
        "the signer's certificate was revoked", "서명자의 인증서가 폐지되었습니다"
    ),
    "signingCredential.ocsp.notRevoked": Text(
        "the signer's certificate was not revoked when it was asked about",
        "조회 당시 서명자의 인증서는 폐지되지 않았습니다",
    ),
    "signingCredential.ocsp.skipped": Text(
        "nobody was asked whether the certificate was revoked (no network is used)",
        "인증서 폐지 여부를 조회하지 않았습니다(네트워크를 쓰지 않음)",
    ),
    "signingCredential.ocsp.inaccessible": Text(
        "whether the certificate was revoked could not be asked", "인증서 폐지 여부를 조회할 수 없었습니다"
    ),
    "signingCredential.ocsp.unknown": Text(
        "the authority does not know whether the certificate was revoked",
        "기관이 인증서의 폐지 여부를 알지 못합니다",
    ),
    "timeStamp.validated": Text("the time stamp fits the signature", "시점 확인이 서명과 맞습니다"),
    "timeStamp.trusted": Text(
        "the time stamp comes from a recognised service", "시점 확인이 인정된 서비스에서 왔습니다"
    ),
    "timeStamp.untrusted": Text(
        "the time-stamp service is not on the lists used here, so the time is the signer's word",
        "시점 확인 서비스가 여기서 쓰는 목록에 없어, 시각은 서명자의 주장입니다",
    ),
    "timeStamp.mismatch": Text(
        "the time stamp belongs to another signature", "시점 확인이 다른 서명에 대한 것입니다"
    ),
    "timeStamp.malformed": Text("the time stamp cannot be read", "시점 확인을 읽을 수 없습니다"),
    "timeStamp.outsideValidity": Text(
        "the stamper's certificate was not valid at that time",
        "그 시각에 시점 확인 인증서가 유효하지 않았습니다",
    ),
    "assertion.dataHash.match": Text(
        "the file is byte for byte what was signed", "파일이 서명된 것과 바이트까지 같습니다"
    ),
    "assertion.dataHash.mismatch": Text(
        "the file's bytes are not those that were signed: it was changed or saved again",
        "파일의 바이트가 서명된 것과 다릅니다. 바뀌었거나 다시 저장되었습니다",
    ),
    "assertion.bmffHash.match": Text(
        "the file is byte for byte what was signed", "파일이 서명된 것과 바이트까지 같습니다"
    ),
    "assertion.bmffHash.mismatch": Text(
        "the file's bytes are not those that were signed: it was changed or saved again",
        "파일의 바이트가 서명된 것과 다릅니다. 바뀌었거나 다시 저장되었습니다",
    ),
    "assertion.boxesHash.match": Text(
        "the file's parts are those that were signed", "파일의 구성 요소가 서명된 것과 같습니다"
    ),
    "assertion.boxesHash.mismatch": Text(
        "the file's parts are not those that were signed: it was changed or saved again",
        "파일의 구성 요소가 서명된 것과 다릅니다. 바뀌었거나 다시 저장되었습니다",
    ),
    "assertion.hashedURI.match": Text(
        "a part of the credential is the one that was signed", "자격 증명의 구성 요소가 서명된 것입니다"
    ),
    "assertion.hashedURI.mismatch": Text(
        "a part of the credential is not the one that was signed",
        "자격 증명의 구성 요소가 서명된 것이 아닙니다",
    ),
    "assertion.missing": Text(
        "a part that the credential lists is missing", "자격 증명에 적힌 구성 요소가 없습니다"
    ),
    "assertion.undeclared": Text(
        "the credential holds a part that it does not list", "자격 증명에 적히지 않은 구성 요소가 있습니다"
    ),
    "assertion.action.malformed": Text(
        "an action in the credential is not well-formed", "자격 증명의 작업 기록 형식이 잘못되었습니다"
    ),
    "assertion.action.ingredientMismatch": Text(
        "an action names an ingredient that is not there", "작업 기록이 없는 재료를 가리킵니다"
    ),
    "assertion.dataHash.additionalExclusionsPresent": Text(
        "some bytes beside the credential are left out of the check",
        "자격 증명 밖의 일부 바이트가 점검에서 제외됩니다",
    ),
    "assertion.bmffHash.additionalExclusionsPresent": Text(
        "some bytes beside the credential are left out of the check",
        "자격 증명 밖의 일부 바이트가 점검에서 제외됩니다",
    ),
    "claim.missing": Text("the credential has no claim", "자격 증명에 주장이 없습니다"),
    "claim.multiple": Text("the credential has several claims", "자격 증명에 주장이 여러 개입니다"),
    "claim.malformed": Text("the credential's claim cannot be read", "자격 증명의 주장을 읽을 수 없습니다"),
    "claim.hardBindings.missing": Text(
        "nothing ties the credential to this file", "자격 증명을 이 파일에 묶는 것이 없습니다"
    ),
    "ingredient.manifest.missing": Text(
        "the credential of an ingredient is not there", "재료의 자격 증명이 없습니다"
    ),
    "ingredient.manifest.mismatch": Text(
        "the credential of an ingredient is not the one that was signed",
        "재료의 자격 증명이 서명된 것이 아닙니다",
    ),
    "ingredient.manifest.validated": Text(
        "the credential of an ingredient holds", "재료의 자격 증명이 맞습니다"
    ),
    "ingredient.claimSignature.validated": Text(
        "the signature on an ingredient's credential holds", "재료 자격 증명의 서명이 맞습니다"
    ),
    "ingredient.unknownProvenance": Text(
        "where an ingredient came from is not known", "재료의 출처를 알 수 없습니다"
    ),
    "algorithm.unsupported": Text(
        "an algorithm that this version does not know", "이 판이 알지 못하는 알고리즘입니다"
    ),
    "general.error": Text("the credential could not be checked", "자격 증명을 점검하지 못했습니다"),
}
_OTHER = Text("a status without an explanation here", "여기에 설명이 없는 상태입니다")
CONTENT_CHANGED = frozenset(
    {"assertion.dataHash.mismatch", "assertion.bmffHash.mismatch", "assertion.boxesHash.mismatch"}
)
SIGNER_UNKNOWN = frozenset({"signingCredential.untrusted", "timeStamp.untrusted"})
SIGNER_EXPIRED = frozenset({"signingCredential.expired", "claimSignature.outsideValidity"})


def explain(code: str) -> Text:
    """What a status code means, for somebody who never heard of it."""
    return STATUSES.get(code, _OTHER)
