"""What is special about a day in the official Chinese calendar, in words."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar


def day_words(day: date) -> tuple[str, str]:
    """Chinese and English words for a holiday, its eve, or a make-up workday; empty for an ordinary or unknown day."""
    today, tomorrow = _holiday(day), _holiday(day + timedelta(days=1))
    if today:
        return today
    if tomorrow:
        return f"明日{tomorrow[0]}假期", f"{tomorrow[1]} begins tomorrow"
    if day.weekday() >= 5 and _is_workday(day):
        return "调休上班", "make-up workday"
    return "", ""


def _holiday(day: date) -> tuple[str, str] | None:
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    if not is_off or name is None:
        return None
    return chinese_calendar.Holiday(name).chinese, name


def _is_workday(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5
