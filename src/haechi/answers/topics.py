"""Subjects that a person asks about, each of several topics of the facts.

NotFound
└── (UnknownName)     a subject that is none of these
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from haechi.errors import UnknownName
from haechi.facts import Facts
from haechi.words import Text


class Subject(NamedTuple):
    """A subject. topics: the words of the facts that belong to it."""

    label: Text
    topics: frozenset[str]


def _subject(en: str, ko: str, topics: str) -> Subject:
    return Subject(Text(en, ko), frozenset(topics.split()))


SUBJECTS: Mapping[str, Subject] = MappingProxyType(
    {
        "marking": _subject(
            "content marking",
            "콘텐츠 표시",
            "marking deepfake_label deepfake_harm detection mark_preservation",
        ),
        "transparency": _subject(
            "notice and explanation", "고지와 설명", "notice explanation information transparency"
        ),
        "risk": _subject(
            "risk management",
            "위험 관리",
            "risk_management frontier_framework thresholds governance prohibition security",
        ),
        "evaluation": _subject("evaluation and testing", "평가와 시험", "evaluation external_review"),
        "oversight": _subject("human oversight and redress", "사람의 감독과 구제", "oversight redress"),
        "incidents": _subject("incidents and monitoring", "사고와 모니터링", "incident monitoring"),
        "impact": _subject(
            "impact and inclusion", "영향과 포용", "impact_assessment fairness inclusion public_good"
        ),
        "people": _subject("skills and jobs", "인력과 일자리", "literacy skills jobs"),
        "energy": _subject("energy and environment", "에너지와 환경", "energy"),
        "classification": _subject("classification", "분류와 등록", "classification registration"),
        "documents": _subject("documents and data", "문서와 데이터", "documentation records data"),
        "cooperation": _subject(
            "cooperation and standards",
            "협력과 표준",
            "certification equivalence institute research standards statistics interoperability investment",
        ),
    }
)
"""By the word that is typed."""


def subject_of(text: str) -> Subject:
    """The subject of this word or name in either language. Raises UnknownName."""
    asked = text.strip().casefold()
    for word, subject in SUBJECTS.items():
        if asked in (word, subject.label.en.casefold(), subject.label.ko):
            return subject
    raise UnknownName(field=Text("subject", "주제"), got=text[:120], nearest=list(SUBJECTS))


def is_about(facts: Facts, id_: str, subject: Subject | None) -> bool:
    """Whether a requirement or commitment belongs to a subject; to None everything does."""
    record = facts.requirements.get(id_) or facts.commitment(id_)
    return subject is None or record.topic in subject.topics
