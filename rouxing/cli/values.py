"""``rouxing values``: what a minute, a pickup and a coupon are worth in decisions."""

from __future__ import annotations

from datetime import UTC, date, datetime

from rich.console import Console
from rich.table import Table

from rouxing.gateway.clock import now
from rouxing.model.dates import business_date_of
from rouxing.model.economics import VALUE_FACTS, Economics
from rouxing.model.errors import PermanentError
from rouxing.settings import Settings
from rouxing.warehouse.database import open_database
from rouxing.warehouse.frames import read_frame
from rouxing.warehouse.queries import named_query

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)


def list_values(settings: Settings) -> None:
    """Prints every planning value with its unit and who set it, or why the default is what it is."""
    database = open_database(settings)
    with database.connect() as connection:
        rows = read_frame(connection, "plan/planning_values", known_by=FAR_FUTURE, business_date=FAR_FUTURE.date())
    database.close()
    given = rows.set_index("name").to_dict("index")
    table = Table(title="Planning values")
    for head in ("Name", "Value", "Unit", "Set by", "Source"):
        table.add_column(head, no_wrap=head == "Name")
    for name, fact in VALUE_FACTS.items():
        row = given.get(name)
        value = row["value"] if row else getattr(Economics(), name)
        who = f"{row['set_by']}, from {row['valid_from']:%Y-%m-%d}" if row else "default"
        table.add_row(name, f"{value:g}", fact.unit, who, str(row["source"]) if row else fact.source)
    Console().print(table)


def set_value(settings: Settings, name: str, value: float, set_by: str, source: str, valid_from: date | None) -> None:
    """Sets a planning value from ``valid_from`` on (empty: today). PermanentError for a value that is refused."""
    Economics().with_values({name: value})
    if not set_by.strip() or not source.strip():
        raise PermanentError("Say who sets the value (--by) and where it comes from (--source).")
    # The city's clock where the city is the world: plans only use what was known by their moment.
    moment = now(settings.clock, settings.vendor_url)
    begins = valid_from or business_date_of(moment)
    unit = VALUE_FACTS[name].unit
    row = {"name": name, "value": value, "unit": unit, "source": source, "set_by": set_by, "valid_from": begins}
    database = open_database(settings)
    with database.connect() as connection:
        connection.execute(named_query("plan/set_planning_value").encode(), {**row, "known_at": moment})
    database.close()
    Console().print(f"{name} is {value:g} {unit} from {begins} on; plans made from now on use it.", highlight=False)
