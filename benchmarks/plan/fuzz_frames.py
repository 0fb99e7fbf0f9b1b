"""What questions in frames have in common: rows in another order, and a NaN that must be refused by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rouxing.optimize.checks import RefusedInputError


def shuffled(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """The same rows in another order."""
    return frame.iloc[random.permutation(len(frame))].reset_index(drop=True)


def nan_is_refused(
    decide: Callable[..., Any],
    asked: dict[str, pd.DataFrame],
    places: Sequence[tuple[str, str]],
    random: np.random.Generator,
) -> list[str]:
    """Puts a NaN into one of the (frame, column) places; it must be refused, and the message must name the column."""
    there = [(frame, column) for frame, column in places if len(asked[frame])]
    if not there:
        return []
    frame, column = there[random.integers(len(there))]
    values = asked[frame][column].astype("float64").to_numpy().copy()
    values[random.integers(values.size)] = np.nan
    try:
        decide(**{**asked, frame: asked[frame].assign(**{column: values})})
    except RefusedInputError as error:
        return [] if column in str(error) else [f"NaN in {frame}.{column} is refused without its name: {error}"]
    return [f"NaN in {frame}.{column} is not refused"]
