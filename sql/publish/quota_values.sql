-- What the quotas of a redistribution are worth, what those in force would be, and what none could beat. Grain: one row.
select value_fen, upper_bound_fen,
    (select sum(quotas.value_fen * in_force_claims) from plan.coupon_quotas as quotas
     where quotas.redistribution_id = redistributions.redistribution_id) as in_force_value_fen
from plan.redistributions
where redistribution_id = %(redistribution_id)s
