"""Lines of a draft go with their header, though no key ties the large tables to it."""

from __future__ import annotations

from rouxing.warehouse.database import Connection

OF_ALLOCATION = ("stock_transfers", "stock_shortages", "stock_reservations", "staff_slots")
OF_REDISTRIBUTION = ("coupon_quotas", "quota_loads", "quota_curves")


def lines(connection: Connection, tables: tuple[str, ...]) -> int:
    counts = [connection.execute(f"select count(*) from plan.{table}".encode()).fetchone() for table in tables]
    return sum(row[0] for row in counts if row)


def test_a_redistribution_that_is_forgotten_takes_its_lines_along_and_no_others(plan: Connection) -> None:
    kept = lines(plan, OF_ALLOCATION)
    assert kept > 0
    assert lines(plan, OF_REDISTRIBUTION) > 0
    plan.execute("delete from plan.redistributions")
    assert (lines(plan, OF_ALLOCATION), lines(plan, OF_REDISTRIBUTION)) == (kept, 0)


def test_an_allocation_that_is_forgotten_takes_its_lines_along(plan: Connection) -> None:
    plan.execute("delete from plan.redistributions")
    plan.execute("delete from plan.allocations")
    assert lines(plan, OF_ALLOCATION) == 0


def test_emptying_the_headers_empties_the_lines(plan: Connection) -> None:
    plan.execute("truncate plan.allocations cascade")
    assert lines(plan, (*OF_ALLOCATION, *OF_REDISTRIBUTION)) == 0


def test_a_plan_that_is_forgotten_takes_its_checks_and_differences_along_and_no_others(plan: Connection) -> None:
    for name in ("p1", "p2"):
        plan.execute(
            "insert into plan.headers (plan_id, business_date, as_of, rung, inputs_hash, parameters, code_version,"
            " verdict, checks_passed, checks_total, is_published, mode)"
            " values (%s, '2026-06-18', now(), 'full', '', '{}', '', 'pass', 1, 1, false, 'live')",
            [name],
        )
        plan.execute(
            "insert into plan.checks (plan_id, check_name, subject, value, limit_value, slack, verdict, note)"
            " values (%s, 'cold_volume', 'S1', 1, 2, 1, 'pass', '')",
            [name],
        )
    plan.execute("delete from plan.headers where plan_id = 'p1'")
    assert plan.execute("select plan_id from plan.checks").fetchall() == [("p2",)]
    plan.execute("truncate plan.headers cascade")
    assert lines(plan, ("checks", "differences")) == 0
