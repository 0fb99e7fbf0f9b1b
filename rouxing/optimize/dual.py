"""Prices of shared limits: the Lagrangian dual, smoothed ever less on the way down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from rouxing.optimize.checks import FloatArray, IntArray

# Widths over which kinks are rounded off, as shares of the mean gain. Each descent starts where the last one ended.
_SMOOTHING = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
_DESCENT_STEPS = 40
_CURVATURE_EVERY = 5
_CURVATURE_FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Blocks:
    """Segments that have room and a gain, flat, in whole steps of their cell.

    ``cell``, ``width`` (steps) and ``gain`` (per step) have one entry per segment. ``limits`` (R, J) and ``columns``
    (the same, by column) are the use per step; ``room`` (R,) is what each limit has, >= 0.
    """

    cell: IntArray
    width: FloatArray
    gain: FloatArray
    limits: Any
    columns: Any
    room: FloatArray


def price_candidates(blocks: Blocks) -> Iterator[tuple[FloatArray, float]]:
    """Prices (R,) from coarse to fine, each with its Lagrangian bound; zero prices alone if no limit can bind.

    Accelerated projected gradient with a diagonal metric and restarts (Nesterov 1983; O'Donoghue and Candes 2015,
    Foundations of Computational Mathematics 15) on the smoothed dual (Nesterov 2005, Mathematical Programming 103).
    It calls no threaded linear algebra: on a busy machine that took ten times as long as the sums themselves.
    """
    demand = blocks.limits @ np.bincount(blocks.cell, blocks.width, minlength=blocks.limits.shape[1])
    tight = np.nonzero(demand > blocks.room)[0]
    if tight.size == 0:
        yield np.zeros(blocks.room.size), float((blocks.width * blocks.gain).sum())
        return
    dual = _Dual(blocks, tight)
    scaled = np.zeros(tight.size)
    for width in _SMOOTHING:
        scaled = _descend(dual, scaled, width)
        yield dual.prices(scaled), dual.bound(scaled)


class _Dual:
    """The dual over the limits that can bind, scaled so that gains and prices are of order one."""

    def __init__(self, blocks: Blocks, tight: IntArray) -> None:
        limits = blocks.limits[tight]
        self._row_scale = np.asarray(limits.max(axis=1).toarray(), dtype=np.float64).ravel()
        self._gain_scale = float((blocks.gain * blocks.width).sum() / blocks.width.sum())
        self._amount = float(blocks.width.sum())
        self._limits = csr_array(diags_array(1.0 / self._row_scale) @ limits)
        self._transposed = csr_array(self._limits.T)
        self._room = blocks.room[tight] / self._row_scale
        self._cell, self._width, self._gain = blocks.cell, blocks.width, blocks.gain / self._gain_scale
        self._uses = self._transposed @ np.ones(tight.size)
        self._tight, self._rows = tight, blocks.room.size

    def smoothed(self, scaled: FloatArray, width: float) -> tuple[float, FloatArray]:
        """Dual and gradient per step, with max(z, 0) rounded off over ``width`` around its kink."""
        lifted = np.maximum(self._net(scaled) + width / 2, 0.0)
        share = np.minimum(lifted / width, 1.0)
        gain = (self._width * share * (lifted - share * width / 2)).sum()
        gradient = self._room - self._limits @ self._steps(share)
        return float(gain + (scaled * self._room).sum()) / self._amount, gradient / self._amount

    def curvature(self, scaled: FloatArray, width: float) -> FloatArray:
        """A diagonal (tight rows,) over the curvature of the smoothed dual near ``scaled``, kept above 0."""
        near = (np.abs(self._net(scaled)) <= width).astype(np.float64)
        diagonal = self._limits @ (self._steps(near) * self._uses)
        if not diagonal.any():
            diagonal = self._limits @ (self._steps(np.ones(near.size)) * self._uses)
        return np.asarray(np.maximum(diagonal, _CURVATURE_FLOOR * diagonal.max()) / (width * self._amount))

    def bound(self, scaled: FloatArray) -> float:
        """The Lagrangian bound itself, in gain units."""
        gain = (self._width * np.maximum(self._net(scaled), 0.0)).sum()
        return float(gain + (scaled * self._room).sum()) * self._gain_scale

    def prices(self, scaled: FloatArray) -> FloatArray:
        """Prices (R,) of all limits in gain per unit of the limit."""
        prices = np.zeros(self._rows)
        prices[self._tight] = scaled * self._gain_scale / self._row_scale
        return prices

    def _net(self, scaled: FloatArray) -> FloatArray:
        return np.asarray(self._gain - (self._transposed @ scaled)[self._cell])

    def _steps(self, share: FloatArray) -> FloatArray:
        return np.bincount(self._cell, self._width * share, minlength=self._uses.size).astype(np.float64)


def _descend(dual: _Dual, start: FloatArray, width: float) -> FloatArray:
    """Prices lower on the smoothed dual than ``start``, or ``start`` itself."""
    here, momentum, stride = start, 1.0, 1.0
    lowest, slope_here = dual.smoothed(here, width)
    ahead, slope = here, slope_here
    metric = dual.curvature(here, width)
    for step in range(1, _DESCENT_STEPS + 1):
        there = np.maximum(ahead - stride * slope / metric, 0.0)
        value, slope_there = dual.smoothed(there, width)
        if value > lowest:
            # Only a plain step that failed says the stride is too long; one with momentum is restarted first.
            stride = stride / 2 if ahead is here else stride
            ahead, slope, momentum = here, slope_here, 1.0
            continue
        raised = (1.0 + np.sqrt(1.0 + 4.0 * momentum**2)) / 2.0
        ahead = np.maximum(there + (momentum - 1.0) / raised * (there - here), 0.0)
        here, lowest, slope_here, momentum = there, value, slope_there, raised
        slope = dual.smoothed(ahead, width)[1]
        stride = min(stride * 1.2, 2.0)
        if step % _CURVATURE_EVERY == 0:
            metric = dual.curvature(ahead, width)
    return here
