"""What a reduced date means: the first and the last day it may stand for."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haechi.facts import When


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024-05-22", date(2024, 5, 22), date(2024, 5, 22)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("by 2025-02-07", date.min, date(2025, 2, 7)),
        ("by 2025-02", date.min, date(2025, 2, 28)),
    ],
)
def test_the_days_a_text_may_mean(text: str, first: date, last: date):
    assert When.parse(text) == (first, last)


@given(st.dates())
def test_a_whole_day_is_exact(day: date):
    assert When.parse(day.isoformat()) == (day, day)
    assert When.parse(day.isoformat()).exact


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-5",
        "24-05-22",
        "2024-02-30",
        "2024-13",
        "0000",
        "20240522",
        "by",
        "by ",
        "2024-05-22 ",
        "２０２４",
    ],
)
def test_what_is_no_date_is_refused(text: str):
    with pytest.raises(ValueError, match=r"."):
        When.parse(text)
