-- Writes an approval once, however often it is asked for.
insert into plan.approvals (approval_id, plan_id, approved_by, approved_at, expires_at, inputs_as_of, note, is_automatic)
values (%(approval_id)s, %(plan_id)s, %(approved_by)s, %(approved_at)s, %(expires_at)s, %(inputs_as_of)s, %(note)s,
    %(is_automatic)s)
on conflict (approval_id) do nothing
