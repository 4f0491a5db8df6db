"""Evidence of two histories as a statement, so that it can be logged, mirrored and never unsaid."""

from haechi.findings import Finding, Verdict, declare, found
from haechi.network.fork import Begun, Fork
from haechi.statement.kinds.equivocation import Branch, Equivocation
from haechi.words import Text

declare(
    "network.log",
    Text("The log tells one history", "로그의 이력이 하나인지 여부"),
    {
        "forked": (
            Verdict.FAILS,
            Text(
                "{origin} signed two histories; entry {index} is not below the last good size ({good})",
                "{origin}이(가) 두 이력에 서명함. {index}번 항목은 믿을 수 있는 크기({good}) 밖에 있음",
            ),
        ),
        "forked-later": (
            Verdict.UNDECIDED,
            Text(
                "{origin} later signed two histories; entry {index} is below the last good size ({good})",
                "{origin}이(가) 나중에 두 이력에 서명함. {index}번 항목은 믿을 수 있는 크기({good}) 안임",
            ),
        ),
    },
)
declare(
    "network.accused",
    Text("Accused log is known to the reader", "읽는 사람이 지목된 로그를 앎"),
    {
        "pinned": (Verdict.HOLDS, Text("its keys are pinned: {origin}", "키가 고정되어 있음: {origin}")),
        "unpinned": (
            Verdict.UNDECIDED,
            Text(
                "no keys are pinned for {origin}: checked with the keys that the evidence brings along",
                "{origin}의 키가 고정되어 있지 않아 증거에 든 키로 확인함",
            ),
        ),
    },
)


def claim_of_fork(fork: Fork, good: int) -> Equivocation:
    """The claim that says what the evidence shows. good: the size up to which the finder holds the log."""
    begun = fork.begun
    branch = None
    if begun is not None:
        path = tuple(bytes.fromhex(node) for node in begun.path)
        branch = Branch(root=bytes.fromhex(begun.root), path=path)
    return Equivocation(
        origin=fork.origin, first=fork.first, second=fork.second, vkeys=fork.vkeys, good=good, begun=branch
    )


def fork_of_claim(claim: Equivocation) -> Fork:
    """The evidence in a claim, with nothing verified."""
    begun = None
    if claim.begun is not None:
        begun = Begun(root=claim.begun.root.hex(), path=tuple(node.hex() for node in claim.begun.path))
    return Fork(origin=claim.origin, first=claim.first, second=claim.second, begun=begun, vkeys=claim.vkeys)


def subject_of_fork(fork: Fork) -> str:
    """What a statement about the evidence is about: the log."""
    return f"log:{fork.origin}"


def is_fork_file(head: bytes) -> bool:
    """Whether a file that begins with `head` is meant as evidence of two histories."""
    return head.lstrip()[:1] == b"{" and b'"haechi.fork/1"' in head


def mark_entry(origin: str, index: int, good: int) -> Finding:
    """What must be said of an entry of a log that signed two histories."""
    outcome = "forked-later" if index < good else "forked"
    return found(f"network.log.{outcome}", origin=origin, index=index, good=good)
