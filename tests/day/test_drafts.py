"""What a stage's result is called before it is made."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from tasks.context import resolve_moment
from tasks.drafts import Draft, name_draft

DAY = date(2026, 6, 18)
STORES = pd.DataFrame({"store_id": ["S1", "S2"], "counters": [2, 3]})


def named(stores: tuple[str, ...] = (), frame: pd.DataFrame = STORES, **parameters: Any) -> Draft:
    return name_draft("allocation", resolve_moment(DAY, None, stores=stores), {"stores": frame}, **parameters)


def test_the_same_inputs_give_the_same_name_in_any_order() -> None:
    assert named(a=1, b=2).name == named(b=2, a=1, frame=STORES[::-1][["counters", "store_id"]]).name
    assert named().name.startswith("allocation-")


def test_whatever_differs_gives_another_name() -> None:
    others = [named(a=2), named(stores=("S1",), a=1), named(frame=STORES.assign(counters=1), a=1)]
    assert len({draft.name for draft in [named(a=1), *others]}) == 4


def test_a_draft_knows_the_columns_of_its_header() -> None:
    draft = named(stores=("S2", "S1"), rule=1)
    assert draft.columns["business_date"] == DAY
    assert draft.columns["parameters"] == (
        '{"as_of": "2026-06-18T05:30:00+08:00", "business_date": "2026-06-18", "rule": 1, "stores": ["S1", "S2"]}'
    )
