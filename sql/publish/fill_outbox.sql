-- Puts a call into the outbox; one that was answered stays as it is, one that still waits passes to this plan.
insert into ops.outbox (request_number, plan_id, sequence, channel, path, body)
values (%(request_number)s, %(plan_id)s, %(sequence)s, %(channel)s, %(path)s, %(body)s)
on conflict (request_number) do update
set plan_id = excluded.plan_id, sequence = excluded.sequence
where outbox.status = 'pending'
