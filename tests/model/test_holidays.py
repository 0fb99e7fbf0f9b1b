"""Days of 2026 as the State Council's calendar has them."""

from datetime import date

import pytest

from rouxing.model.holidays import day_words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 6, 19), "端午"),
        (date(2026, 6, 18), "明日端午假期"),
        (date(2026, 6, 17), ""),
        (date(2026, 2, 14), "明日春节假期"),
        (date(2026, 2, 28), "调休上班"),
        (date(2099, 10, 1), ""),
    ],
)
def test_words_of_a_day(day: date, words: str) -> None:
    assert day_words(day)[0] == words
