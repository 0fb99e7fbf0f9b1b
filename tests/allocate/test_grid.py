"""Frames on the grid of stores and SKUs."""

from __future__ import annotations

import pandas as pd

from rouxing.allocate.grid import grid_of, places

STORES = pd.DataFrame({"store_id": ["S2", "S1"], "dc_id": ["D1", "D1"], "size": [2, 1]})
SKUS = pd.DataFrame({"sku_id": ["K3", "K1", "K2"], "size": [3, 1, 2]})
GRID = grid_of(STORES, SKUS)


def test_rows_add_up_on_their_cell_and_strangers_are_left_out() -> None:
    frame = pd.DataFrame(
        {
            "store_id": ["S2", "S2", "S9", "S1", None],
            "sku_id": ["K1", "K1", "K1", "K9", "K1"],
            "units": [1.0, 2.0, 4.0, 8.0, 16.0],
        }
    )
    assert GRID.spread(frame, "units").tolist() == [[0, 0, 0], [3, 0, 0]]
    assert GRID.cells(frame).tolist() == [3, 3, -1, -1, -1]


def test_master_data_comes_in_the_order_of_names() -> None:
    assert GRID.of_stores(STORES, "size").tolist() == [1, 2]
    assert GRID.of_skus(SKUS, "size").tolist() == [1, 2, 3]
    assert GRID.place_of_stores(STORES).tolist() == [1, 0]


def test_lines_name_the_true_cells_in_order() -> None:
    cells = GRID.spread(pd.DataFrame({"store_id": ["S2", "S1"], "sku_id": ["K3", "K2"], "units": [1.0, 1.0]}), "units")
    assert GRID.lines(cells > 0).to_numpy().tolist() == [["S1", "K2"], ["S2", "K3"]]


def test_a_name_that_is_missing_has_no_place() -> None:
    assert places(GRID.stores, pd.Series(["S1", None, "S2", "S0"], dtype="str")).tolist() == [0, -1, 1, -1]
    assert places(GRID.stores, pd.Series([], dtype="str")).tolist() == []
