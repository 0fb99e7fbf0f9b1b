-- The feed's first watermark; no row is written when another run was first.
insert into ops.watermarks (feed, read_until)
values (%(feed)s, %(after)s)
on conflict (feed) do nothing
