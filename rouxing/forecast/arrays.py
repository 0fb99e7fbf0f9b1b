"""Types of the arrays that the room hands around."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
