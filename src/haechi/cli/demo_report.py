"""The company's report of the demonstration, and where to change a byte of the bundle that carries it."""

from datetime import date

from haechi.cli.demo_evidence import LEVEL, Share
from haechi.errors import BadInput
from haechi.facts import Facts
from haechi.statement.claims import Said, claim_of
from haechi.statement.envelope import Statement
from haechi.statement.evidence import EvidenceRef
from haechi.statement.kinds._figures import Figure, Interval
from haechi.statement.kinds.pledge_report import Period, PledgeReport, Section
from haechi.words import Text


def interval_of(share: Share) -> Interval:
    """The share's interval as a figure carries it."""
    """The interval of a share as figures in claims carry it."""
    return Interval(low=share.low, high=share.high, level=LEVEL)


def build_report(share: Share, evidence: EvidenceRef) -> PledgeReport:
    """The company's report: one measured figure with its evidence, one claim without."""
    marking = Section(
        commitment="sbp.1.2",
        progress="under_way",
        summary=Said(
            en="Demonstration, made up: generated images carry a mark; a detector ran on a random sample.",
            ko="시연용으로 지어낸 내용: 생성 이미지에 표시를 넣고, 무작위 표본에 검출기를 실행했습니다.",
        ),
        figures=(
            Figure(
                name="images in which the mark was found",
                value=share.percent,
                unit="%",
                how="measured",
                denominator="random sample of generated images, July to September 2026",
                interval=interval_of(share),
                method="mark detector on each sampled image; Wilson score interval",
            ),
        ),
        evidence=(evidence,),
    )
    talent = Section(
        commitment="sbp.2.3",
        progress="done_for_period",
        summary=Said(
            en="Demonstration, made up: internships in AI.", ko="시연용으로 지어낸 내용: AI 인턴 과정."
        ),
        figures=(Figure(name="interns", value=40.0, unit="people", how="claimed"),),
    )
    return PledgeReport(
        instrument="ins.seoul.pledge",
        party="co.naver",
        period=Period(first=date(2026, 7, 1), last=date(2026, 9, 30)),
        sections=(marking, talent),
    )


def claimed_figure(statement: Statement, facts: Facts) -> Figure:
    """The figure that the company claimed; raises BadInput when the statement is no pledge report."""
    claim = claim_of(statement, facts)
    if not isinstance(claim, PledgeReport):
        raise BadInput(why="the mirrored statement is not a pledge report")
    return claim.sections[0].figures[0]


def tamper_places(raw: bytes, statement: Statement, evidence: bytes) -> list[tuple[Text, int, str]]:
    """Where to change a byte, and the check that must notice."""
    return [
        (Text("the report's figures", "보고의 수치"), raw.index(statement.payload) + 200, "statement."),
        (
            Text("the issuer's signature", "발행자의 서명"),
            raw.index(statement.envelope.signature) + 20,
            "statement.signature",
        ),
        (Text("the log's proof", "로그의 증명"), raw.index(b"c2sp.org/tlog-proof@v1\nindex ") + 40, "log."),
        (
            Text("the signed checkpoint", "서명된 체크포인트"),
            raw.index("— kr.example/log ".encode()) + 60,
            "log.checkpoint",
        ),
        (Text("the evidence file", "증거 파일"), raw.rindex(evidence[-4000:]) + 100, "evidence.digest"),
    ]
