"""Everything that the answers of one scope follow from, as JSON: for anybody to work them out again.

`js/count.js` does so in a browser. The statements behind each item are named by their digests; who verifies
them also checks the items.
"""

from datetime import date

import msgspec

from haechi.answers.carry import UNNAMED
from haechi.answers.demand import WORDS
from haechi.answers.engine import Engine, Scope
from haechi.answers.evidence import Confirmation, Evidence, Item, Objection, Replacement, Withdrawal, utc_day

SCHEMA = "haechi.inputs/1"


def inputs_json(engine: Engine, scope: Scope, day: date) -> bytes:
    """The inputs of `engine.answers(scope, day)`; keys sorted, no spaces."""
    words = {**WORDS, "lacks.unnamed": UNNAMED}
    return msgspec.json.encode(
        {
            "schema": SCHEMA,
            "data_version": engine.facts.version,
            "subject": scope.subject,
            "part_of": list(scope.part_of),
            "as_of": day.isoformat(),
            "checkers": sorted(engine.checkers),
            "items": [_item(each) for each in engine.items(scope)],
            "words": {code: {"en": text.en, "ko": text.ko} for code, text in words.items()},
        },
        order="sorted",
    )


def _item(item: Item) -> dict[str, object]:
    shared: dict[str, object] = {"digest": item.digest.hex(), "issuer": item.issuer}
    match item:
        case Evidence():
            return {**shared, **_evidence(item)}
        case Confirmation():
            own: dict[str, object] = {"type": "confirmation", "how": item.how, "logged": item.logged}
        case Objection():
            own = {"type": "dispute", "grounds": item.grounds, "logged": item.logged}
        case Withdrawal():
            own = {"type": "withdrawal"}
        case Replacement():
            own = {"type": "replacement", "new": item.new.hex()}
    return {**shared, **own, "target": item.target.hex()}


def _evidence(piece: Evidence) -> dict[str, object]:
    return {
        "type": "evidence",
        "subject": piece.subject,
        "kind": piece.kind,
        "offers": [[target, whole] for target, whole in piece.offers],
        "issued": utc_day(piece.issued_at).isoformat(),
        "since": piece.since.isoformat(),
        "period": None if piece.period is None else [each.isoformat() for each in piece.period],
        "logs": list(piece.seen.logs),
        "witnessed": piece.seen.witnessed,
        "withheld": piece.withheld,
    }
