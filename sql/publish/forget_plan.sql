-- Makes room for the same plan written again.
delete from plan.headers where plan_id = %(plan_id)s
