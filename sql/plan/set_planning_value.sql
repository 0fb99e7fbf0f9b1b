-- Sets a value from a business date on; what was set before stays readable for the plans made with it.
insert into ops.planning_values (name, value, unit, source, set_by, valid_from, known_at)
values (%(name)s, %(value)s, %(unit)s, %(source)s, %(set_by)s, %(valid_from)s, %(known_at)s)
