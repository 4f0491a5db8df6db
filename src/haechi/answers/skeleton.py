"""Skeleton reports: the sections of a form, filled with sentences that each lead to their evidence.

No sentence about a subject stands without a statement behind it; a section without one says which kind of
statement would fill it. Markdown that any converter prints.
"""

import re
from collections.abc import Iterator, Mapping

from haechi.answers.answer import Answer
from haechi.answers.engine import Answers
from haechi.answers.evidence import Evidence
from haechi.answers.skeleton_forms import Form, Section
from haechi.facts import Facts
from haechi.words import Lang, Text

_HEAD = (
    Text("Subject: {subject}", "대상: {subject}"),
    Text("As of {day}; data version {version}", "{day} 기준, 데이터 판 {version}"),
    Text("Form: {source}", "양식: {source}"),
    Text(
        "A skeleton: it says what signed evidence can serve for, by proposals of this project. It is not "
        "legal advice and says nowhere that anybody complies. Every sentence about the subject names its "
        "statement; check one with `haechi verify <digest>`.",
        "뼈대 문서입니다. 서명된 증거가 무엇의 증거가 될 수 있는지에 대한 이 프로젝트의 제안입니다. "
        "법률 자문이 아니며 누구도 준수했다고 말하지 않습니다. 대상에 관한 문장마다 진술이 붙어 있고, "
        "`haechi verify <다이제스트>` 로 확인합니다.",
    ),
)
_SENTENCE = Text(
    "{issuer} signed {kind} ({since}); for {target} it {state}, {assurance}. [{short}](#{anchor})",
    "{issuer}이(가) {kind}에 서명함 ({since}). {target}에 대해 {state}, {assurance}. [{short}](#{anchor})",
)
_LACKS = Text("Still lacking: {lacks}", "부족한 것: {lacks}")
_DISPUTED = Text("{issuer} disputes this: {grounds} [{short}]", "{issuer}의 이의: {grounds} [{short}]")
_EMPTY = Text(
    "No evidence is held for {target}. Statements that could serve: {kinds}.",
    "{target}의 증거가 없습니다. 증거가 될 수 있는 진술: {kinds}.",
)
_BY_HAND = Text(
    "No kind of statement fills this section; it is written by hand.",
    "이 절을 채우는 진술 종류가 없습니다. 직접 작성합니다.",
)
_EVIDENCE = Text("Evidence", "증거")
_ROW = Text("| digest | issuer | kind | since | logs |", "| 다이제스트 | 발행자 | 종류 | 기준일 | 로그 |")
_MEANING = re.compile(r"([\\`*_{}\[\]<>()#+!|~])")


def skeleton(form: Form, answers: Answers, facts: Facts, pieces: Mapping[bytes, Evidence], lang: Lang) -> str:
    """The form as Markdown in one language. pieces: the evidence that the answers rest on, by digest."""
    head = {
        "subject": _plain(answers.scope.subject),
        "day": answers.day.isoformat(),
        "version": answers.data_version,
        "source": form.source,
    }
    lines = [f"# {form.title.say(lang)}", ""]
    lines += [line for each in _HEAD for line in (each.say(lang, **head), "")]
    used: dict[bytes, Evidence] = {}
    for section in form.sections:
        lines += [f"## {section.number} {section.title.say(lang)}", ""]
        lines += [
            line for said in _section(section, answers, facts, pieces, used, lang) for line in (said, "")
        ]
    lines += [f"## {_EVIDENCE.say(lang)}", "", _ROW.say(lang), "|---|---|---|---|---|"]
    for digest, piece in sorted(used.items()):
        logs = ", ".join(_plain(origin) for origin in piece.seen.logs) or "–"
        kind = facts.evidence_kind(piece.kind).label.say(lang)
        cells = (_anchored(digest), _plain(piece.issuer), kind, piece.since.isoformat(), logs)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _section(
    section: Section,
    answers: Answers,
    facts: Facts,
    pieces: Mapping[bytes, Evidence],
    used: dict[bytes, Evidence],
    lang: Lang,
) -> Iterator[str]:
    if not section.records:
        yield _BY_HAND.say(lang)
    for target in section.records:
        answer = answers.by_target[target]
        record = facts.requirements.get(target) or facts.commitment(target)
        name = f"{target} ({record.label.say(lang)})"
        if not answer.credits:
            kinds = ", ".join(facts.evidence_kind(kind).label.say(lang) for kind in record.evidence)
            yield _EMPTY.say(lang, target=name, kinds=kinds)
            continue
        best = answer.credits[0]
        for digest in best.evidence:
            used[digest] = pieces[digest]
            yield _sentence(answer, pieces[digest], facts, name, lang)
        if answer.lacks:
            yield _LACKS.say(lang, lacks="; ".join(_plain(lack.say(lang)) for lack in answer.lacks))
        for one in answer.disputes:
            yield _DISPUTED.say(
                lang, issuer=_plain(one.issuer), grounds=_plain(one.grounds), short=one.digest.hex()[:16]
            )


def _sentence(answer: Answer, piece: Evidence, facts: Facts, name: str, lang: Lang) -> str:
    best = answer.credits[0]
    return _SENTENCE.say(
        lang,
        issuer=_plain(piece.issuer),
        kind=facts.evidence_kind(piece.kind).label.say(lang),
        since=piece.since.isoformat(),
        target=name,
        state=best.state.label.say(lang),
        assurance=best.assurance.label.say(lang),
        short=piece.digest.hex()[:16],
        anchor=f"e-{piece.digest.hex()}",
    )


def _anchored(digest: bytes) -> str:
    """The whole digest, where sentences lead to; made of our own hex digits only."""
    return f'<a id="e-{digest.hex()}"></a>`{digest.hex()}`'


def _plain(text: str) -> str:
    """Names and words of others, with nothing in them that Markdown or HTML would take for its own."""
    return _MEANING.sub(r"\\\1", " ".join(text.split()))
