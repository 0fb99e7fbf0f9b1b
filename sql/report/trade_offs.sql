-- Plans over the weight of experience, the chosen one among them. Grain: weight.
select
    experience_weight, case when is_chosen then 'True' else '' end as is_chosen, redemptions, overload_probability, lost_sales_fen, wait_minutes,
    staff_fen
from plan.trade_offs
where redistribution_id = %(redistribution_id)s
order by experience_weight
