-- What a cycle of quotas remembers of a store-day: the room that cycles before saw, and how far they lie apart.
drop view plan.quota_states;

alter table plan.store_loads
    drop column smoothed_mean,
    drop column smoothed_limit,
    add column believed_limit double precision,
    add column room_seen      double precision,
    add column room_usual     double precision,
    add column room_scatter   double precision,
    add column room_cycles    double precision;
comment on column plan.store_loads.believed_limit is 'mean_limit without the room that is there and that the decision did not believe in yet: what it was decided with';
comment on column plan.store_loads.room_seen is 'Pickups that claims may bring beyond those of the forecast, spill included: what quotas in force bring, and what they leave of mean_limit';
comment on column plan.store_loads.room_usual is 'Mean of room_seen over the cycles of the same forecast, exponentially weighted once there are many';
comment on column plan.store_loads.room_scatter is 'Mean distance of room_seen between two cycles that follow each other, weighted likewise';
comment on column plan.store_loads.room_cycles is 'Cycles of the forecast that saw this store-day';

-- What the next cycle of the same forecast remembers.
create view plan.quota_states as
select redistribution_id, 'wanted_claims' as measure, stock_id, carrier_id, business_date, smoothed_claims as value
from plan.coupon_quotas
where smoothed_claims is not null
union all
select redistribution_id, measure, '', store_id, business_date, value
from plan.store_loads
cross join lateral (
    values
        ('room_seen', room_seen),
        ('room_usual', room_usual),
        ('room_scatter', room_scatter),
        ('room_cycles', room_cycles)
) as rooms (measure, value)
where value is not null;
comment on view plan.quota_states is 'What a quota decision leaves to the next: cells by coupon stock and carrier, stores as carrier_id with an empty stock_id';
