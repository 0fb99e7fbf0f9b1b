"""What a stage's result is called before it is made, and whether it is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rouxing.plan.identity import canonical_json, code_version, frame_hash, identity, inputs_hash
from rouxing.settings import PROJECT_ROOT
from rouxing.warehouse.database import Database
from rouxing.warehouse.queries import named_query
from tasks.context import Moment


@dataclass(frozen=True)
class Draft:
    """A named result: ``name`` follows from the inputs, the parameters in ``header`` and the code."""

    name: str
    moment: Moment
    header: Mapping[str, Any]
    inputs_hash: str
    code_version: str

    @property
    def columns(self) -> dict[str, Any]:
        """What every stage's table of headers holds of it."""
        return {
            "business_date": self.moment.business_date,
            "as_of": self.moment.as_of,
            "inputs_hash": self.inputs_hash,
            "parameters": canonical_json(self.header),
            "code_version": self.code_version,
        }


def name_draft(kind: str, moment: Moment, inputs: Mapping[str, pd.DataFrame], **parameters: Any) -> Draft:
    """The draft of a ``kind`` made of these inputs for the moment; the same inputs give the same name."""
    return name_hashed(kind, moment, frame_hashes(inputs), **parameters)


def frame_hashes(inputs: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """The hash of each input; several drafts of the same inputs need them once."""
    return {name: frame_hash(frame) for name, frame in inputs.items()}


def name_hashed(kind: str, moment: Moment, hashes: Mapping[str, str], **parameters: Any) -> Draft:
    """The draft of `name_draft` when the inputs' hashes are known."""
    header = {
        "business_date": moment.business_date,
        "as_of": moment.as_of,
        "stores": list(moment.stores),
        **parameters,
    }
    hashed = inputs_hash(hashes)
    code = code_version(PROJECT_ROOT)
    return Draft(identity(kind, hashed, header, code), moment, header, hashed, code)


def is_known(database: Database, query: str, **name: str) -> bool:
    """True when the named result is there already; ``query`` marks it as the newest of its stage from now on."""
    with database.connect() as connection:
        return connection.execute(named_query(query).encode(), name).fetchone() is not None
