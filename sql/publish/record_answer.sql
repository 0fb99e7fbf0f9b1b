-- What came of a call.
update ops.outbox
set status = %(status)s, answer = %(answer)s, attempts = attempts + 1, sent_at = now()
where request_number = %(request_number)s
