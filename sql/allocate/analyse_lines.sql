-- Statistics of the lines just written: to those of yesterday a new draft has no lines, and joins of a million of them
-- would be planned for one.
set local default_statistics_target = 10;
analyze plan.stock_transfers, plan.stock_shortages, plan.stock_reservations, plan.staff_slots, plan.shifts, plan.store_days;
set local default_statistics_target to default
