-- Calls of a plan that are not answered yet, in their order.
select request_number, channel, path, body
from ops.outbox
where plan_id = %(plan_id)s
  and status = 'pending'
order by sequence
