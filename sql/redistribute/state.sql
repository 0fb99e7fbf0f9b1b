-- What the last cycle of the same forecast before a moment remembers. Grain: measure, coupon stock, carrier, business day.
with last_cycle as (
    select redistribution_id
    from plan.redistributions
    join plan.allocations using (allocation_id)
    where allocations.forecast_id = %(forecast_id)s
      and redistributions.as_of < %(as_of)s
    order by redistributions.as_of desc, redistributions.loaded_at desc, redistribution_id
    limit 1
)
select measure, stock_id, carrier_id, business_date, value
from plan.quota_states
join last_cycle using (redistribution_id)
order by measure, stock_id, carrier_id, business_date
