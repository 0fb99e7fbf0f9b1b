-- Moves the feed's watermark, unless another run has moved it meanwhile.
update ops.watermarks
set read_until = %(after)s, updated_at = now()
where feed = %(feed)s and read_until = %(before)s
