-- A plan's large line tables are tied to their headers by triggers on the headers, no longer by a look-up per line: three
-- million look-ups made half of the time that a plan of a large chain takes to be written. Lines are only ever written in
-- the transaction that writes their header.
alter table plan.stock_transfers drop constraint stock_transfers_allocation_id_fkey;
alter table plan.stock_shortages drop constraint stock_shortages_allocation_id_fkey;
alter table plan.stock_reservations drop constraint stock_reservations_allocation_id_fkey;
alter table plan.staff_slots drop constraint staff_slots_allocation_id_fkey;
alter table plan.coupon_quotas drop constraint coupon_quotas_redistribution_id_fkey;
alter table plan.quota_loads drop constraint quota_loads_redistribution_id_fkey;
alter table plan.quota_curves drop constraint quota_curves_redistribution_id_fkey;

-- Lines go with their header, as they did.
create function plan.forget_allocation_lines() returns trigger language plpgsql as $$
begin
    delete from plan.stock_transfers where allocation_id = old.allocation_id;
    delete from plan.stock_shortages where allocation_id = old.allocation_id;
    delete from plan.stock_reservations where allocation_id = old.allocation_id;
    delete from plan.staff_slots where allocation_id = old.allocation_id;
    return null;
end
$$;
create trigger forget_lines after delete on plan.allocations
    for each row execute function plan.forget_allocation_lines();

create function plan.forget_redistribution_lines() returns trigger language plpgsql as $$
begin
    delete from plan.coupon_quotas where redistribution_id = old.redistribution_id;
    delete from plan.quota_loads where redistribution_id = old.redistribution_id;
    delete from plan.quota_curves where redistribution_id = old.redistribution_id;
    return null;
end
$$;
create trigger forget_lines after delete on plan.redistributions
    for each row execute function plan.forget_redistribution_lines();

create function plan.forget_all_allocation_lines() returns trigger language plpgsql as $$
begin
    truncate plan.stock_transfers, plan.stock_shortages, plan.stock_reservations, plan.staff_slots;
    return null;
end
$$;
create trigger forget_all_lines after truncate on plan.allocations
    for each statement execute function plan.forget_all_allocation_lines();

create function plan.forget_all_redistribution_lines() returns trigger language plpgsql as $$
begin
    truncate plan.coupon_quotas, plan.quota_loads, plan.quota_curves;
    return null;
end
$$;
create trigger forget_all_lines after truncate on plan.redistributions
    for each statement execute function plan.forget_all_redistribution_lines();
