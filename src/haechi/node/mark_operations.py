"""What programs can ask of a node about marks, as rows of the table of operations."""

from haechi.node.operation import Answer, Operation, Parameter
from haechi.words import Text

_JSON = "application/json"
_OCTETS = "application/octet-stream"
_LANG = Parameter("lang", Text("language of the sentences", "문장의 언어"), "^(en|ko)$", "ko", "query")
_PAYLOAD = Parameter(
    "payload",
    Text("number that a mark carries, 16 lower-case hex digits", "표시에 담긴 번호, 소문자 16진수 16자"),
    "^[0-9a-f]{16}$",
    "0123456789abcdef",
)
_RECORDS = Answer(
    200,
    _JSON,
    Text(
        "`marks`: each record with its statement, issuer, log, verdict and proof; empty when there is none",
        "`marks`: 기록마다 진술, 발행자, 로그, 판정, 증명. 없으면 빈 목록",
    ),
)


def _look(name: str, body: str, about: Text) -> Operation:
    """A file is sent, looked at in memory and kept nowhere. Errors are in JSON, in the language asked for."""
    return Operation(
        "POST",
        f"/marks/{name}",
        Text(
            f"{about.en} Looked at in memory, kept nowhere.", f"{about.ko} 메모리에서만 보고 보관하지 않음."
        ),
        Answer(200, _JSON, Text("findings, and what each rests on", "점검 결과와 그 근거")),
        (_LANG,),
        body=body,
        refusals=(400, 404, 408, 413),
        shows_problems=False,
    )


MARKS: tuple[Operation, ...] = (
    _look("look", _OCTETS, Text("What a picture tells.", "그림에서 읽히는 것.")),
    _look("sound", _OCTETS, Text("What a sound tells.", "소리에서 읽히는 것.")),
    _look("film", _OCTETS, Text("What a film tells.", "영상에서 읽히는 것.")),
    _look("text", "text/plain", Text("What a text tells.", "글에서 읽히는 것.")),
    Operation(
        "POST",
        "/marks/like",
        Text(
            "Who signed for content like this: `pdq` (1 to 16 hashes), `digest` (of exactly this file) or "
            "`minhash` (of a text).",
            "이런 내용에 서명한 이: `pdq` (해시 1~16개), `digest` (바로 이 파일), `minhash` (글) 가운데 "
            "하나로 물음.",
        ),
        _RECORDS,
        body=_JSON,
        refusals=(400, 404, 408, 413),
    ),
    Operation(
        "GET",
        "/marks/anchors",
        Text(
            "Statements by which institutes publish roots of content credentials.",
            "기관이 콘텐츠 자격 증명의 루트를 게시한 진술.",
        ),
        Answer(
            200,
            _JSON,
            Text("`anchors`: statement, issuer, log, digest", "`anchors`: 진술, 발행자, 로그, 다이제스트"),
        ),
    ),
    Operation(
        "GET",
        "/marks/profiles",
        Text(
            "Who committed to which profile of text marks, and whom to ask.",
            "글 표시의 어떤 프로필을 누가 약속했고 누구에게 물어야 하는지.",
        ),
        Answer(200, _JSON, Text("`profiles`, each with its verdict", "`profiles`. 저마다 판정이 붙음")),
    ),
    Operation(
        "GET",
        "/marks/{payload}",
        Text("Who signed for a mark with this number.", "이 번호의 표시에 서명한 이."),
        _RECORDS,
        (_PAYLOAD,),
        refusals=(404,),
    ),
    Operation(
        "POST",
        "/timestamp",
        Text(
            "An RFC 3161 time stamp, where the operator has set one up.",
            "RFC 3161 시점 확인. 운영자가 마련한 노드에서만.",
        ),
        Answer(200, "application/timestamp-reply", Text("a TimeStampResp", "TimeStampResp 응답")),
        body="application/timestamp-query",
        refusals=(400, 404, 408, 413),
    ),
)
"""Marks and time stamps. Nothing here needs a key or a name."""
