"""What "recompute here" fetches: the facts, everything that was counted, and the node's own answers.

NotFound
└── FactsNotHere      another data version than the one that this node answers with
"""

from haechi.answers import Scope
from haechi.answers.inputs import inputs_json
from haechi.errors import NotFound
from haechi.facts import load
from haechi.facts.load import COMPILED
from haechi.node.pages.answer_view import day_asked
from haechi.node.pages.scripts import Bundle
from haechi.node.pages.source import Source
from haechi.words import Text

RECOMPUTER = Bundle(
    "recomputer",
    (
        ("haechi.answers", "js", ("count.js",)),
        ("haechi.mark", "image/js", ("lattice.js",)),  # its SHA-256: the browser's own needs HTTPS
        ("haechi.node.pages", "recomputer", ("page.js",)),
    ),
)


class FactsNotHere(NotFound):
    """No such data version is served here; facts: what_is, name."""

    code = "page.facts-not-here"
    hint = Text(
        "the data version of this node stands below each of its pages",
        "이 노드의 데이터 판은 모든 페이지 아래에 적혀 있습니다",
    )


def facts_bytes(version: str) -> bytes:
    """The compiled facts of this data version; raises FactsNotHere."""
    if version != load().version:
        raise FactsNotHere(what_is=Text("data version", "데이터 판"), name=version[:64])
    return COMPILED.read_bytes()


def inputs_bytes(source: Source, subject: str, asked: str | None, now: int) -> bytes:
    """Everything that the answers about a subject follow from; raises BadAddress."""
    return inputs_json(source.engine(), Scope(subject), day_asked(asked, now))


def answers_bytes(source: Source, subject: str, asked: str | None, now: int) -> bytes:
    """The answers in their one form; raises BadAddress."""
    return source.engine().answers(Scope(subject), day_asked(asked, now)).to_json()
