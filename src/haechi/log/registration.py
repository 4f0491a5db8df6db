"""Registration: who may publish what in a log, decided by the latest policy in that very log.

    Refused
    └── NotAdmitted       the policy has no grant for this issuer, key or kind
        └── LevelNotTaken     the log does not take the sharing level

Only the signed bytes and the logged policy decide, so an auditor who replays the log reaches the same
answer (RFC 9943 section 5.1.1). HTTP headers, addresses and accounts have no say.
"""

import shlex
from typing import Protocol

from haechi.errors import Refused, TooLarge
from haechi.findings import Finding, Verdict, declare, found
from haechi.statement.envelope import About, Statement
from haechi.statement.kinds.policy import ANY, Grant, Policy
from haechi.statement.sentence import Sentence
from haechi.words import Text

declare(
    "log.registration",
    Text("Log's policy admits this issuer and key", "로그의 정책이 이 발행자와 키를 허용함"),
    {
        "granted": (
            Verdict.HOLDS,
            Text(
                "policy {policy} lets {issuer} publish {kind} with this key",
                "정책 {policy}이(가) {issuer}의 {kind} 게시를 이 키로 허용함",
            ),
        ),
        "open": (
            Verdict.UNDECIDED,
            Text(
                "the policy lets anybody publish {kind}; nobody vouches that {issuer} holds this key",
                "정책상 누구나 {kind}을(를) 게시할 수 있음. 이 키가 {issuer}의 것이라고 보증하는 곳이 없음",
            ),
        ),
        "not-granted": (
            Verdict.FAILS,
            Text(
                "policy {policy} has no grant for {issuer} with this key and kind {kind}",
                "정책 {policy}에 {issuer}의 이 키와 {kind}에 대한 허용이 없음",
            ),
        ),
        "not-taken": (
            Verdict.FAILS,
            Text(
                "policy {policy} takes no statement of {size} bytes with sharing level {sharing}",
                "정책 {policy}은(는) {size}바이트, 공유 등급 {sharing}의 진술을 받지 않음",
            ),
        ),
        "policy-absent": (
            Verdict.UNDECIDED,
            Text(
                "no policy that counts here admits this statement: it is absent, or its log is not known",
                "이 진술을 허용했다고 여기서 인정되는 정책이 없음. 정책이 없거나 그 로그를 모름",
            ),
        ),
    },
)


class NotAdmitted(Refused):
    """The log's policy does not admit the statement; facts: why, issuer, quoted (for a shell), kind, key."""

    code = "log.not-admitted"
    what = Sentence("the log's policy does not admit this: {why}", "로그의 정책이 허용하지 않습니다: {why}")
    hint = Text(
        "ask the node's operator to run: haechi log allow --issuer {quoted} --kind {kind} --key {key}",
        "노드 운영자에게 실행을 요청하세요: haechi log allow --issuer {quoted} --kind {kind} --key {key}",
    )


class LevelNotTaken(NotAdmitted):
    """The log does not take the statement's sharing level; facts: those of NotAdmitted."""

    hint = Text(
        "sign it at a level that this log takes; its operator says which with: haechi log levels",
        "이 로그가 받는 등급으로 서명하세요. 받는 등급은 운영자가 정합니다: haechi log levels",
    )


class Applicant(Protocol):
    """What a policy decides by: a `Statement`, or as much of one."""

    @property
    def raw(self) -> bytes:
        """The signed bytes."""
        ...

    @property
    def kid(self) -> bytes:
        """The thumbprint of its key."""
        ...

    @property
    def about(self) -> About:
        """What the header says."""
        ...


def admit(policy: Policy, statement: Applicant) -> None:
    """Raise NotAdmitted or TooLarge unless `policy` lets this statement in."""
    if len(statement.raw) > policy.max_bytes:
        raise TooLarge(what_is=Text("statement", "진술"), limit=policy.max_bytes, got=len(statement.raw))
    level = statement.about.sharing
    if str(level) not in policy.sharing:
        why = Text(f"sharing level {level} is not taken here", f"공유 등급 {level}은(는) 받지 않음")
        raise _refusal(LevelNotTaken, statement, why)
    if _grant_for(policy, statement) is None:
        why = Text("no grant for this issuer, key and kind", "이 발행자와 키, 종류에 대한 허용이 없음")
        raise _refusal(NotAdmitted, statement, why)


def check_registration(statement: Statement, policy: Statement | None, terms: Policy | None) -> Finding:
    """What the registering log's policy says of the issuer's key: granted to it, open to all, or nothing.

    policy: the logged policy statement whose payload is `terms`. It holds, or is open, exactly when `admit`
    passes.
    """
    about = statement.about
    if policy is None or terms is None:
        return found("log.registration.policy-absent")
    shown, size = policy.digest_hex[:16], len(statement.raw)
    grant = _grant_for(terms, statement)
    if grant is None:
        return found("log.registration.not-granted", policy=shown, issuer=about.issuer, kind=about.kind)
    if size > terms.max_bytes or str(about.sharing) not in terms.sharing:
        return found("log.registration.not-taken", policy=shown, size=size, sharing=str(about.sharing))
    if grant.issuer == ANY or not grant.keys:
        return found("log.registration.open", issuer=about.issuer, kind=about.kind)
    return found("log.registration.granted", policy=shown, issuer=about.issuer, kind=about.kind)


def _grant_for(policy: Policy, statement: Applicant) -> Grant | None:
    """The most specific grant that admits: one that names the issuer and its key comes first."""
    best: Grant | None = None
    for grant in policy.grants:
        if not _admits(grant, statement):
            continue
        if grant.issuer != ANY and grant.keys:
            return grant
        if best is None or _rank(grant) < _rank(best):
            best = grant
    return best


def _rank(grant: Grant) -> tuple[bool, bool]:
    return grant.issuer == ANY, not grant.keys


def _admits(grant: Grant, statement: Applicant) -> bool:
    if grant.issuer not in (ANY, statement.about.issuer):
        return False
    if grant.keys and statement.kid not in grant.keys:
        return False
    return ANY in grant.kinds or statement.about.kind in grant.kinds


def _refusal(kind: type[NotAdmitted], statement: Applicant, why: Text) -> NotAdmitted:
    about = statement.about
    # The hint is a command to copy, and the issuer's name is a stranger's choice.
    quoted = shlex.quote(about.issuer)
    return kind(why=why, issuer=about.issuer, quoted=quoted, kind=about.kind, key=statement.kid.hex())
