"""Numbers as people read them."""

from __future__ import annotations

import math

from rouxing.report.words import NONE, UNITS, Words, words_for

_FEN_PER_YUAN = 100


def is_known(value: float | None) -> bool:
    """Whether there is a finite number to show."""
    return value is not None and math.isfinite(value)


def count(value: float | None) -> str:
    """Whole number with thousands separators; a dash for what is unknown."""
    return decimal(value, 0)


def decimal(value: float | None, digits: int = 2) -> str:
    """Number with ``digits`` decimals; a dash for what is unknown."""
    return _proper_minus(f"{value:,.{digits}f}") if value is not None and is_known(value) else NONE.zh


def share(value: float | None, digits: int = 0) -> str:
    """Share 0-1 as a percentage; a dash for what is unknown."""
    return f"{decimal(value * 100, digits)}%" if value is not None and is_known(value) else NONE.zh


def yuan(value_fen: float | None) -> str:
    """Fen as whole yuan; a dash for what is unknown."""
    return f"¥{decimal(value_fen / _FEN_PER_YUAN, 0)}" if value_fen is not None and is_known(value_fen) else NONE.zh


def signed(value: float) -> str:
    """Whole number with its sign; ±0 for no change, a dash for what is unknown."""
    if not is_known(value):
        return NONE.zh
    return "±0" if round(value) == 0 else _proper_minus(f"{value:+,.0f}")


def _proper_minus(text: str) -> str:
    # A hyphen looks like a dash beside Chinese text; -0 is a rounding artefact.
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", "−")


def measured(value: float | None, unit: str) -> Words:
    """A value with its unit in both languages."""
    if value is None or not is_known(value):
        return NONE
    if unit in ("share", "ratio"):
        return Words(share(value, 1), share(value, 1))
    if unit == "fen":
        return Words(yuan(value), yuan(value))
    name = words_for(UNITS, unit) if unit else Words("", "")
    number = count(value) if float(value).is_integer() or abs(value) >= 100 else decimal(value, 1)
    return Words(f"{number} {name.zh}".strip(), f"{number} {name.en}".strip())
