-- Sets a guard's limit from a moment on.
insert into plan.guards (metric, limit_value, set_by, set_at)
values (%(metric)s, %(limit_value)s, %(set_by)s, %(set_at)s)
