"""Stores x SKUs as arrays: frames are laid onto it once, and lines are taken off it at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rouxing.optimize.checks import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Grid:
    """Stores (S) and SKUs (K), each in the order of its name; every array over the grid is (S, K).

    A million cells laid out by string keys again and again would cost more than the decision on them.
    """

    stores: pd.Index[str]
    skus: pd.Index[str]

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.stores), len(self.skus)

    def cells(self, frame: pd.DataFrame, store: str = "store_id") -> IntArray:
        """Flat cell number of each row of a frame with ``store`` and sku_id; -1 where the grid has no such cell."""
        row, column = places(self.stores, frame[store]), places(self.skus, frame["sku_id"])
        return np.where((row >= 0) & (column >= 0), row * len(self.skus) + column, -1)

    def spread(self, frame: pd.DataFrame, column: str, store: str = "store_id") -> FloatArray:
        """Sums of ``column`` (S, K); 0 where the frame has no row, rows that are not on the grid are left out."""
        cells = self.cells(frame, store)
        return self.summed(cells, frame[column].to_numpy(np.float64))

    def summed(self, cells: IntArray, values: FloatArray) -> FloatArray:
        """Sums (S, K) of ``values`` by their flat cell numbers, those below 0 left out."""
        known = cells >= 0
        flat = np.bincount(cells[known], values[known], minlength=len(self.stores) * len(self.skus))
        return flat.astype(np.float64).reshape(self.shape)

    def of_stores(self, stores: pd.DataFrame, column: str) -> FloatArray:
        """The column of a frame with one row per store, in the grid's order (S,)."""
        return stores[column].to_numpy(np.float64)[_order(self.stores, stores["store_id"])]

    def of_skus(self, skus: pd.DataFrame, column: str) -> FloatArray:
        """The column of a frame with one row per SKU, in the grid's order (K,)."""
        return skus[column].to_numpy(np.float64)[_order(self.skus, skus["sku_id"])]

    def place_of_stores(self, stores: pd.DataFrame) -> IntArray:
        """Place on the grid of each row's store_id, -1 where it has none."""
        return places(self.stores, stores["store_id"])

    def lines(self, where: BoolArray) -> pd.DataFrame:
        """store_id, sku_id of the true cells, sorted."""
        row, column = np.nonzero(where)
        return pd.DataFrame({"store_id": self.stores.take(row), "sku_id": self.skus.take(column)})


def grid_of(stores: pd.DataFrame, skus: pd.DataFrame) -> Grid:
    """The grid of all stores and SKUs of the master data."""
    return Grid(pd.Index(stores["store_id"]).sort_values(), pd.Index(skus["sku_id"]).sort_values())


def places(names: pd.Index[str], column: pd.Series[str]) -> IntArray:
    """Place of each entry of ``column`` among ``names``, -1 where it is not one. Cost: one pass over the column."""
    codes, found = pd.factorize(column)
    place = names.get_indexer(pd.Index(found))
    # A missing name has the code -1 and must not become the last of those found.
    return np.append(place, -1)[codes].astype(np.int64)


def _order(names: pd.Index[str], column: pd.Series[str]) -> IntArray:
    return pd.Index(column).get_indexer(names).astype(np.int64)
