"""What a piece of evidence can serve for: counted for every requirement and commitment that it reaches.

Pure: items, facts and a day in, answers out. Two scales that are never multiplied, a named remainder,
and a reason for every credit. docs/reference/answers.md is the algorithm, for anybody to work it out again.

>>> from datetime import date
>>> from haechi.facts import load
>>> engine = Engine(load())
>>> engine.answer("image studio", "EU.50.2", date(2026, 11, 22)).state.word
'none'
"""

from haechi.answers.answer import Answer, Credit
from haechi.answers.applies import Applies, Duty, Reason, duties
from haechi.answers.carry import Hop, RelationRefused, Routes
from haechi.answers.catalogue import Catalogue, Editions, HistoryRefused, LawOn, LawStatus, NotKnownThen
from haechi.answers.clocks import Clock, ClockState, clocks, due_moment
from haechi.answers.compare import Comparison, Reported, SideBySide, compare, figures_of, side_by_side
from haechi.answers.countries import (
    CountryCard,
    Gap,
    KindAsked,
    Pair,
    PairRow,
    country_card,
    crossing,
    gaps,
    kinds_asked,
    matrix,
    pair,
)
from haechi.answers.derive import NotTheirVoice, item_of
from haechi.answers.engine import Answers, Engine, Scope
from haechi.answers.evidence import (
    Confirmation,
    Evidence,
    Item,
    Objection,
    Offer,
    Replacement,
    Seen,
    Withdrawal,
)
from haechi.answers.ladder import Assurance, State
from haechi.answers.line import CarriedOver, Change, Station, line
from haechi.answers.note import Note
from haechi.answers.oscal import check_oscal, oscal_catalog, oscal_mapping
from haechi.answers.pledges import BASELINE_MARK, BASELINES, Baseline, Board, Cell, board, boards
from haechi.answers.profile import Profile, ProfileContradicts, ProfileMalformed, check_profile, read_profile
from haechi.answers.questions import Question, next_questions
from haechi.answers.starter import Help, Path, Step, starter
from haechi.answers.tables import answers_csv, crosswalk_csv
from haechi.answers.topics import SUBJECTS, Subject, is_about, subject_of

__all__ = [
    "BASELINES",
    "BASELINE_MARK",
    "SUBJECTS",
    "Answer",
    "Answers",
    "Applies",
    "Assurance",
    "Baseline",
    "Board",
    "CarriedOver",
    "Catalogue",
    "Cell",
    "Change",
    "Clock",
    "ClockState",
    "Comparison",
    "Confirmation",
    "CountryCard",
    "Credit",
    "Duty",
    "Editions",
    "Engine",
    "Evidence",
    "Gap",
    "Help",
    "HistoryRefused",
    "Hop",
    "Item",
    "KindAsked",
    "LawOn",
    "LawStatus",
    "NotKnownThen",
    "NotTheirVoice",
    "Note",
    "Objection",
    "Offer",
    "Pair",
    "PairRow",
    "Path",
    "Profile",
    "ProfileContradicts",
    "ProfileMalformed",
    "Question",
    "Reason",
    "RelationRefused",
    "Replacement",
    "Reported",
    "Routes",
    "Scope",
    "Seen",
    "SideBySide",
    "State",
    "Station",
    "Step",
    "Subject",
    "Withdrawal",
    "answers_csv",
    "board",
    "boards",
    "check_oscal",
    "check_profile",
    "clocks",
    "compare",
    "country_card",
    "crossing",
    "crosswalk_csv",
    "due_moment",
    "duties",
    "figures_of",
    "gaps",
    "is_about",
    "item_of",
    "kinds_asked",
    "line",
    "matrix",
    "next_questions",
    "oscal_catalog",
    "oscal_mapping",
    "pair",
    "read_profile",
    "side_by_side",
    "starter",
    "subject_of",
]
