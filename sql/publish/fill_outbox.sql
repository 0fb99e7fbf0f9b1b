-- Puts a call into the outbox; the same call again changes nothing.
insert into ops.outbox (request_number, plan_id, sequence, channel, path, body)
values (%(request_number)s, %(plan_id)s, %(sequence)s, %(channel)s, %(path)s, %(body)s)
on conflict (request_number) do nothing
