"""Features as small whole numbers, binned once for all fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rouxing.forecast.arrays import Features

_BINS = 128
_SAMPLE_ROWS = 20_000


@dataclass(frozen=True)
class Binner:
    """Which features vary, and their inner edges; None leaves a feature as it is (categories).

    scikit-learn bins anew for every fit, and with sample weights that takes three seconds a fit (measured on 1.9). A
    feature that never changes would cost a histogram at every node all the same.
    """

    kept: tuple[int, ...]
    edges: tuple[npt.NDArray[np.float32] | None, ...]

    @property
    def categorical(self) -> tuple[bool, ...]:
        return tuple(edges is None for edges in self.edges)

    def transform(self, features: Features) -> Features:
        """Rows x kept features: number of the bin, float32; NaN stays NaN."""
        result: Features = np.empty((len(features), len(self.kept)), dtype=np.float32, order="F")
        for place, (column, edges) in enumerate(zip(self.kept, self.edges, strict=True)):
            result[:, place] = _binned(features[:, column], edges)
        return result


def fit_binner(features: Features, categorical: tuple[bool, ...]) -> Binner:
    """Bins at the quantiles of an even sample of rows, at most 128 per feature; features that never change are out."""
    sample = features[:: -(-len(features) // _SAMPLE_ROWS)]
    kept = tuple(place for place in range(features.shape[1]) if _varies(features[:, place]))
    return Binner(kept, tuple(None if categorical[place] else _edges(sample[:, place]) for place in kept))


def _binned(column: npt.NDArray[np.float32], edges: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32]:
    if edges is None:
        return column
    places = np.searchsorted(edges, column, side="right").astype(np.float32)
    return np.where(np.isnan(column), np.float32(np.nan), places)


def _varies(column: npt.NDArray[np.float32]) -> bool:
    known = column[~np.isnan(column)]
    if len(known) == 0:
        return False
    return len(known) < len(column) or bool(known.min() < known.max())


def _edges(column: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    known = column[~np.isnan(column)]
    if len(known) == 0:
        return np.zeros(0, dtype=np.float32)
    edges: npt.NDArray[np.float32] = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS, method="lower"))
    return edges
