-- Mode of a plan that exists already.
select mode from plan.headers where plan_id = %(plan_id)s
