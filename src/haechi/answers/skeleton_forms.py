"""The forms that people must file, as lists of sections: what each asks, and which records answer it.

Section titles are shortened from the sources named; numbers are the forms' own. A section with no record is
one that no kind of evidence in the facts can fill: it is left to the author, and says so.
"""

from types import MappingProxyType
from typing import NamedTuple

from haechi.words import Text


class Section(NamedTuple):
    """One section of a form. records: ids of requirements or commitments whose evidence belongs here."""

    number: str
    title: Text
    records: tuple[str, ...]


class Form(NamedTuple):
    """A form. source: where its sections stand."""

    id: str
    title: Text
    source: str
    sections: tuple[Section, ...]


_HIROSHIMA = Form(
    "oecd-hiroshima",
    Text(
        "Report under the Hiroshima AI Process code of conduct (OECD reporting framework)",
        "히로시마 AI 프로세스 행동강령 보고 (OECD 보고 프레임워크)",
    ),
    "OECD, reporting framework for the HAIP code of conduct, sections 1 to 7",
    (
        Section("1", Text("Risk identification and evaluation", "위험의 식별과 평가"), ("G7.1", "G7.2")),
        Section(
            "2", Text("Risk management and information security", "위험 관리와 정보 보안"), ("G7.6", "G7.11")
        ),
        Section(
            "3",
            Text("Transparency reporting on advanced AI systems", "첨단 AI 시스템의 투명성 보고"),
            ("G7.3",),
        ),
        Section(
            "4",
            Text(
                "Organisational governance, incident management, transparency",
                "조직 거버넌스, 사고 관리, 투명성",
            ),
            ("G7.4", "G7.5"),
        ),
        Section("5", Text("Content authentication and provenance", "콘텐츠 인증과 출처"), ("G7.7",)),
        Section(
            "6",
            Text(
                "Research and investment in safety and societal risks",
                "안전과 사회적 위험에 대한 연구와 투자",
            ),
            ("G7.8", "G7.10"),
        ),
        Section("7", Text("Human and global interests", "인류와 세계의 이익 증진"), ("G7.9",)),
    ),
)
_KOREA = Form(
    "kr-34",
    Text(
        "File of measures for high-impact AI (Korea, AI Basic Act Art. 34)",
        "고영향 인공지능 사업자의 책무 이행 문서 (인공지능기본법 제34조)",
    ),
    "AI Basic Act of Korea, Art. 34(1) items 1 to 5, Art. 33 and 35",
    (
        Section(
            "33", Text("Check whether the AI is high-impact", "고영향 인공지능 해당 여부 확인"), ("KR.33.1",)
        ),
        Section("34(1)1", Text("Risk management plan", "위험관리방안"), ("KR.34.1.1",)),
        Section(
            "34(1)2",
            Text(
                "Plan to explain results, main criteria and data", "결과·주요 기준·학습용데이터의 설명 방안"
            ),
            ("KR.34.1.2",),
        ),
        Section("34(1)3", Text("User protection plan", "이용자 보호 방안"), ("KR.34.1.3",)),
        Section("34(1)4", Text("Human management and supervision", "사람의 관리·감독"), ("KR.34.1.4",)),
        Section(
            "34(1)5",
            Text("Documents that show the measures", "조치를 확인할 수 있는 문서의 작성과 보관"),
            ("KR.34.1.5",),
        ),
        Section(
            "35", Text("Impact assessment on fundamental rights", "기본권 영향평가"), ("KR.35.1", "KR.35.1b")
        ),
    ),
)
_ANNEX_IV = Form(
    "eu-annex-iv",
    Text(
        "Outline of technical documentation (EU AI Act, Annex IV)",
        "기술 문서 개요 (EU 인공지능법 부속서 IV)",
    ),
    "Regulation (EU) 2024/1689, Annex IV points 1 to 9",
    (
        Section("1", Text("General description of the AI system", "AI 시스템 개요"), ("EU.11", "EU.13")),
        Section(
            "2",
            Text("Elements of the system and its development", "시스템의 구성 요소와 개발 과정"),
            ("EU.10", "EU.14", "EU.15"),
        ),
        Section(
            "3",
            Text("Monitoring, functioning and control", "감시, 작동, 통제"),
            ("EU.12", "EU.13", "EU.14"),
        ),
        Section(
            "4", Text("Appropriateness of the performance metrics", "성능 지표의 적절성"), ("EU.9.test",)
        ),
        Section("5", Text("Risk management system", "위험관리체계"), ("EU.9",)),
        Section("6", Text("Changes through the life cycle", "수명주기 동안의 변경"), ("EU.17",)),
        Section("7", Text("Harmonised standards applied", "적용한 조화 표준"), ()),
        Section("8", Text("Copy of the EU declaration of conformity", "EU 적합성 선언서 사본"), ()),
        Section("9", Text("Post-market monitoring plan", "시판 후 모니터링 계획"), ("EU.72",)),
    ),
)

FORMS = MappingProxyType({form.id: form for form in (_HIROSHIMA, _KOREA, _ANNEX_IV)})
"""Every form by its id."""
