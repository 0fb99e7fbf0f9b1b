"""Refuses inputs that no plan can be made from, and names them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rouxing.model.errors import PermanentError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


class RefusedInputError(PermanentError):
    """An input that is absent, not finite, negative, repeated or contradictory; the message names it."""


def refuse_where(mask: Any, message: str) -> None:
    """Raise `RefusedInputError` with ``message`` and the number of rows if any entry of ``mask`` is true."""
    count = int(np.count_nonzero(np.asarray(mask, dtype=bool)))
    if count:
        raise RefusedInputError(f"{message} ({count} entries); correct the input and plan again")


def finite_array(values: Any, name: str, *, minimum: float | None = 0.0) -> FloatArray:
    """The values as float64; refuses NaN, infinity and (unless ``minimum`` is None) what is below ``minimum``."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise RefusedInputError(f"{name} holds a value that is no number ({error}); correct it") from error
    refuse_where(~np.isfinite(array), f"{name} holds NaN or infinity")
    if minimum is not None:
        refuse_where(array < minimum, f"{name} is below {minimum:g}")
    return array


def finite_columns(frame: Any, frame_name: str, columns: Sequence[str], *, minimum: float | None = 0.0) -> FloatArray:
    """The named columns of a frame as a float64 array (rows, columns), checked like `finite_array` one by one."""
    arrays = [finite_array(frame[column], f"{frame_name}.{column}", minimum=minimum) for column in columns]
    return np.stack(arrays, axis=1)
