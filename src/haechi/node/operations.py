"""What programs can ask of a node over HTTP, in one table: served, documented and tested from here.

The OpenAPI document (`openapi.py`) and the reference page (`reference.py`) are made from it.
"""

from haechi.node.mark_operations import MARKS
from haechi.node.operation import PROBLEM_TYPE, Answer, Method, Operation, Parameter
from haechi.words import Text

__all__ = [
    "API",
    "MARKS",
    "OPERATIONS",
    "PROBLEM_TYPE",
    "TWINS",
    "Answer",
    "Method",
    "Operation",
    "Parameter",
]

DIGEST = Parameter(
    "digest",
    Text(
        "SHA-256 of the signed statement, 64 lower-case hex digits",
        "서명된 진술의 SHA-256, 소문자 16진수 64자",
    ),
    "^[0-9a-f]{64}$",
    "0" * 64,
)
FILE = Parameter(
    "digest",
    Text("SHA-256 of the file, 64 lower-case hex digits", "파일의 SHA-256, 소문자 16진수 64자"),
    "^[0-9a-f]{64}$",
    "0" * 64,
)
MIRROR = Parameter(
    "mirror",
    Text("hex SHA-256 of the mirrored log's name", "미러링한 로그 이름의 SHA-256 (16진수)"),
    "^[0-9a-f]{64}$",
    "0" * 64,
)
LOG = Parameter(
    "log",
    Text("hex SHA-256 of the log's name", "로그 이름의 SHA-256 (16진수)"),
    "^[0-9a-f]{64}$",
    "0" * 64,
)
_NUMBER = "(x[0-9]{3}/)*[0-9]{3}(\\.p/([1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
TILE = Parameter(
    "tile",
    Text(
        "`<level>/<number>` or, while the tile is not full, `<level>/<number>.p/<width>`; the number in "
        "groups of three digits, as in `x001/234`",
        "`<층>/<번호>`, 아직 차지 않은 타일은 `<층>/<번호>.p/<너비>`. 번호는 `x001/234`처럼 세 자리씩 나눔",
    ),
    f"^[0-9]/{_NUMBER}$",
    "0/000.p/2",
)
ENTRIES = Parameter(
    "tile",
    Text("number of the bundle, as for tiles without the level", "묶음 번호. 층 없이 타일과 같은 형식"),
    f"^{_NUMBER}$",
    "000.p/2",
)
LANG = Parameter("lang", Text("language of errors", "오류의 언어"), "^(en|ko)$", "en")
BEFORE = Parameter(
    "before",
    Text("only what stands before this position or serial", "이 위치나 순번 앞에 있는 것만"),
    "^[0-9]{1,15}$",
    "256",
    "query",
)
ORIGIN = Parameter(
    "origin",
    Text("name of a mirrored log; the node's own without it", "미러링한 로그의 이름. 없으면 이 노드의 로그"),
    "^[a-z0-9./_-]{1,200}$",
    "kr.example/log",
    "query",
)
ISSUER = Parameter(
    "issuer",
    Text("name of the issuer, percent-encoded", "발행자 이름 (퍼센트 인코딩)"),
    "^[!-~]+$",
    "aisi.kr.example",
)

AFTER = Parameter(
    "after",
    Text("only what stands after this serial", "이 순번 뒤에 있는 것만"),
    "^[0-9]{1,15}$",
    "0",
    "query",
)
_SIGNED = Text(
    "For listed nodes only, each request signed (RFC 9421; see how to share with a few).",
    "명단에 있는 노드만, 요청마다 서명해야 함 (RFC 9421. 일부와만 공유하기 참조).",
)

_RECEIPT = Text("COSE receipt of inclusion (RFC 9942)", "포함을 증명하는 COSE 영수증 (RFC 9942)")
_OCTETS = "application/octet-stream"
_BAD, _ABSENT = 400, 404


def _twin(path: str, schema: str, about: Text, *parameters: Parameter) -> Operation:
    """The JSON twin of a page, which has its own routes in each language."""
    page = Answer(200, "application/json", Text("what the page shows", "페이지가 보이는 내용"), schema)
    refusals = (_BAD, _ABSENT) if parameters else (_ABSENT,)
    return Operation(
        "GET", f"/{{lang}}{path}", about, page, (LANG, *parameters), refusals=refusals, shows_problems=False
    )


_LOG_FILES: tuple[tuple[str, Text, Answer, tuple[Parameter, ...]], ...] = (
    (
        "checkpoint",
        Text(
            "Newest signed checkpoint of the log (C2SP tlog-checkpoint).",
            "로그의 최신 서명 체크포인트 (C2SP tlog-checkpoint).",
        ),
        Answer(200, "text/plain; charset=utf-8", Text("signed note", "서명된 노트")),
        (),
    ),
    (
        "witnessed",
        Text(
            "Newest checkpoint of the log that witnesses or mirrors cosigned; `checkpoint` may be newer.",
            "증인이나 미러가 공동 서명한 가장 새로운 체크포인트. `checkpoint` 가 더 새로울 수 있음.",
        ),
        Answer(200, "text/plain; charset=utf-8", Text("signed note", "서명된 노트")),
        (),
    ),
    (
        "tile/{tile}",
        Text(
            "A tile of hashes (C2SP tlog-tiles). It never changes.",
            "해시 타일 (C2SP tlog-tiles). 바뀌지 않음.",
        ),
        Answer(200, _OCTETS, Text("32 bytes a hash", "해시 하나에 32바이트")),
        (TILE,),
    ),
    (
        "tile/entries/{tile}",
        Text(
            "A bundle of entries (C2SP tlog-tiles): digests of statements.",
            "항목 묶음 (C2SP tlog-tiles): 진술의 다이제스트.",
        ),
        Answer(
            200,
            _OCTETS,
            Text("for each entry its length in two bytes, and the entry", "항목마다 길이 2바이트와 항목"),
        ),
        (ENTRIES,),
    ),
    (
        "tile/statements/{tile}",
        Text(
            "The statements of a bundle of entries; length 0: not for everybody, or erased.",
            "항목 묶음의 진술들. 길이 0은 모두에게 공개되지 않았거나 지워진 진술임.",
        ),
        Answer(
            200,
            _OCTETS,
            Text(
                "for each entry its length in four bytes, and the statement", "항목마다 길이 4바이트와 진술"
            ),
        ),
        (ENTRIES,),
    ),
)


def _log(prefix: str, route: str, *parameters: Parameter) -> tuple[Operation, ...]:
    """The C2SP files of one log."""
    return tuple(
        Operation(
            "GET", f"{prefix}/{file}", about, answer, (*parameters, *more), refusals=(_ABSENT,), route=route
        )
        for file, about, answer, more in _LOG_FILES
    )


API: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/entries",
        Text(
            "Register a signed statement (SCRAPI section 2.3). Answered once it is durable; sending it again "
            "gives its first place.",
            "서명된 진술을 등록 (SCRAPI 2.3절). 내구 저장된 뒤 응답하며, 다시 보내면 처음 자리를 줌.",
        ),
        Answer(201, "application/cose", _RECEIPT, location=True),
        body="application/cose",
        refusals=(_BAD, 408, 409, 413),
    ),
    Operation(
        "GET",
        "/entries/{digest}",
        Text("A fresh receipt of an entry of this log.", "이 로그 항목의 새 영수증."),
        Answer(200, "application/cose", _RECEIPT),
        (DIGEST,),
        refusals=(_ABSENT,),
    ),
    Operation(
        "GET",
        "/statements/{digest}",
        Text(
            "The bytes of a statement, from this log or a mirrored one.",
            "이 로그나 미러링한 로그에 있는 진술의 바이트.",
        ),
        Answer(200, "application/scitt-statement+cose", Text("signed statement", "서명된 진술")),
        (DIGEST,),
        refusals=(_ABSENT,),
    ),
    Operation(
        "GET",
        "/proofs/{digest}",
        Text("An offline proof of inclusion (C2SP tlog-proof).", "오프라인 포함 증명 (C2SP tlog-proof)."),
        Answer(200, "text/plain; charset=utf-8", Text("tlog-proof", "tlog 증명")),
        (DIGEST,),
        refusals=(_ABSENT,),
    ),
    Operation(
        "GET",
        "/bundles/{digest}",
        Text(
            "Everything needed to verify a statement years later, evidence files up to 32 MiB included.",
            "몇 년 뒤에도 진술을 검증하는 데 필요한 모든 것. 증거 파일은 합해서 32 MiB까지 담음.",
        ),
        Answer(200, "application/vnd.haechi.bundle", Text("offline bundle", "오프라인 묶음")),
        (DIGEST,),
        refusals=(_ABSENT,),
    ),
    Operation(
        "PUT",
        "/blobs/{digest}",
        Text(
            "Send in an evidence file that a registered statement refers to; any other is refused.",
            "등록된 진술이 언급하는 증거 파일을 보냄. 그 밖의 파일은 받지 않음.",
        ),
        Answer(201, None, Text("kept", "저장됨")),
        (FILE,),
        body=_OCTETS,
        refusals=(_BAD, _ABSENT, 408, 413),
    ),
    Operation(
        "GET",
        "/blobs/{digest}",
        Text("An evidence file of a statement that anybody may have.", "누구나 볼 수 있는 진술의 증거 파일."),
        Answer(200, _OCTETS, Text("the file", "파일")),
        (FILE,),
        refusals=(_ABSENT,),
    ),
    Operation(
        "GET",
        "/policy",
        Text(
            "The policy in force: who may publish what here.", "시행 중인 정책: 누가 무엇을 게시할 수 있는지."
        ),
        Answer(200, "application/scitt-statement+cose", Text("policy statement", "정책 진술")),
        refusals=(_ABSENT,),
    ),
    Operation(
        "GET",
        "/trust/{file}",
        Text(
            "A file of the trust list in use (TUF metadata, or the list). Signed by its signers, not by this "
            "node; update with `haechi trust update --from`.",
            "사용 중인 신뢰 목록의 파일 (TUF 메타데이터 또는 목록). 이 노드가 아니라 목록 서명자들이 서명함. "
            "`haechi trust update --from` 으로 갱신.",
        ),
        Answer(200, "application/json", Text("as it was signed", "서명된 그대로")),
        (
            Parameter(
                "file",
                Text("name of the file in the repository", "저장소 안의 파일 이름"),
                "^(timestamp|[0-9]{1,9}\\.(root|snapshot|targets))\\.json$",
                "timestamp.json",
            ),
        ),
        route="/trust/{path:path}",
        refusals=(_ABSENT,),
    ),
    Operation(
        "GET",
        "/.well-known/scitt-keys",
        Text(
            "The keys that verify this log's receipts (SCRAPI section 2.1).",
            "이 로그의 영수증을 검증하는 키 (SCRAPI 2.1절).",
        ),
        Answer(200, "application/cbor", Text("COSE key set", "COSE 키 집합")),
    ),
    Operation(
        "GET",
        "/.well-known/scitt-keys/{kid}",
        Text(
            "One of these keys by its kid, in hex or base64url.", "kid로 찾은 키 하나. 16진수 또는 base64url."
        ),
        Answer(200, "application/cbor", Text("COSE key", "COSE 키")),
        (
            Parameter(
                "kid",
                Text("the key's thumbprint", "키의 지문"),
                "^([0-9a-f]{64}|[A-Za-z0-9_-]{43})$",
                "0" * 64,
            ),
        ),
        refusals=(_ABSENT,),
    ),
    Operation(
        "GET",
        "/node.json",
        Text(
            "The node's card. Pin it by its fingerprint, told over another channel; never by this answer.",
            "노드의 카드. 이 응답이 아니라 다른 경로로 전달받은 지문으로 고정해야 함.",
        ),
        Answer(200, "application/json", Text("node card", "노드 카드"), "NodeCard"),
    ),
    *_log("/log", "/log/{path:path}"),
    *_log("/mirrors/{mirror}", "/mirrors/{mirror}/{path:path}", MIRROR),
    Operation(
        "POST",
        "/witness/add-checkpoint",
        Text(
            "Have this node's witness cosign a checkpoint of a log that it knows (C2SP tlog-witness).",
            "이 노드의 증인이 아는 로그의 체크포인트에 공동 서명을 요청 (C2SP tlog-witness).",
        ),
        Answer(200, "text/plain; charset=utf-8", Text("cosignature lines", "공동 서명 줄")),
        body="text/plain",
        refusals=(_BAD, 403, _ABSENT, 408, 409, 413, 422),
        told=((409, "text/x.tlog.size"),),
        reasons=(
            (
                409,
                Text(
                    "the proof begins at another size than was last cosigned; the answer is that size: send "
                    "a proof from there",
                    "증명이 마지막으로 공동 서명한 크기에서 시작하지 않음. 응답이 그 크기이니 "
                    "거기서 시작하는 증명을 보내면 됨",
                ),
            ),
        ),
    ),
    Operation(
        "POST",
        "/checkpoints",
        Text(
            "Compare a signed checkpoint that you kept with what this node holds of that log. One that"
            " contradicts it is proof of two histories, which the node keeps and logs.",
            "가지고 있던 서명된 체크포인트를 이 노드가 가진 그 로그와 비교. 어긋나면 두 이력의 증거이므로"
            " 노드가 보관하고 기록함.",
        ),
        Answer(200, "application/json", Text("the finding", "판정")),
        body="text/plain",
        refusals=(_BAD, _ABSENT, 408, 413),
    ),
    Operation(
        "GET",
        "/equivocations/{log}",
        Text(
            "Evidence that a log signed two histories; `haechi verify` checks it offline.",
            "로그가 두 이력에 서명한 증거. `haechi verify` 가 오프라인으로 확인함.",
        ),
        Answer(200, "application/json", Text("evidence (`haechi.fork/1`)", "증거 (`haechi.fork/1`)")),
        (LOG,),
        refusals=(_ABSENT,),
    ),
    Operation(
        "GET",
        "/witness/{log}/checkpoint",
        Text(
            "Newest checkpoint of a log that this node's witness cosigned, with its cosignatures.",
            "이 노드의 증인이 공동 서명한 로그의 최신 체크포인트와 그 공동 서명.",
        ),
        Answer(200, "text/plain; charset=utf-8", Text("signed note", "서명된 노트")),
        (LOG,),
        refusals=(_ABSENT,),
    ),
    Operation(
        "GET",
        "/shared",
        Text(
            f"GREEN statements of this log above a serial. {_SIGNED.en}",
            f"이 로그에서 순번 뒤의 GREEN 진술. {_SIGNED.ko}",
        ),
        Answer(
            200,
            "application/json",
            Text("serials and digests, and the next serial", "순번과 다이제스트, 다음 순번"),
        ),
        (AFTER,),
        refusals=(401, 403),
    ),
    Operation(
        "GET",
        "/shared/statements/{digest}",
        Text(f"The bytes of a GREEN statement. {_SIGNED.en}", f"GREEN 진술의 바이트. {_SIGNED.ko}"),
        Answer(200, "application/scitt-statement+cose", Text("signed statement", "서명된 진술")),
        (DIGEST,),
        refusals=(401, 403, _ABSENT),
    ),
    Operation(
        "GET",
        "/shared/files/{digest}",
        Text(f"An evidence file of a GREEN statement. {_SIGNED.en}", f"GREEN 진술의 증거 파일. {_SIGNED.ko}"),
        Answer(200, _OCTETS, Text("the file", "파일")),
        (FILE,),
        refusals=(401, 403, _ABSENT),
    ),
    Operation(
        "GET",
        "/healthz",
        Text(
            "Whether the node takes statements; 503 while it stops or cannot write.",
            "노드가 진술을 받는지 여부. 종료 중이거나 쓸 수 없으면 503.",
        ),
        Answer(200, "application/json", Text("it does", "받음"), "Health"),
        shows_problems=False,
        limited=False,
    ),
    Operation(
        "GET",
        "/metrics",
        Text("Counters for Prometheus.", "Prometheus용 지표."),
        Answer(
            200, "text/plain; version=0.0.4; charset=utf-8", Text("text format 0.0.4", "텍스트 형식 0.0.4")
        ),
        limited=False,
    ),
    Operation(
        "GET",
        "/openapi.json",
        Text("This description.", "이 설명."),
        Answer(200, "application/json", Text("OpenAPI 3.1 document", "OpenAPI 3.1 문서"), "OpenApi"),
    ),
)
"""What programs ask for. Errors are concise problem details (RFC 9290)."""

TWINS: tuple[Operation, ...] = (
    _twin("/index.json", "HomePage", Text("What the first page shows.", "첫 페이지의 내용.")),
    _twin(
        "/statement/{digest}.json",
        "StatementPage",
        Text(
            "A statement as people read it, checked just now.",
            "사람이 읽는 형태의 진술. 방금 점검한 결과 포함.",
        ),
        DIGEST,
    ),
    _twin(
        "/issuer/{issuer}.json",
        "IssuerPage",
        Text("What is known of an issuer here.", "발행자에 대해 알려진 것."),
        ISSUER,
        BEFORE,
    ),
    _twin(
        "/log.json",
        "LogPage",
        Text("Head and newest entries of a log.", "로그의 헤드와 최신 항목."),
        ORIGIN,
        BEFORE,
    ),
    _twin(
        "/peers.json",
        "PeersPage",
        Text("Every pinned node and how far it is mirrored.", "고정된 노드와 미러링 상태."),
    ),
)
"""The pages' twins in JSON. Errors are `{code, message, hint, facts}`."""

OPERATIONS = API + MARKS + TWINS
