-- Sets the feed's watermark back; never forward.
update ops.watermarks
set read_until = least(read_until, %(since)s), updated_at = now()
where feed = %(feed)s
