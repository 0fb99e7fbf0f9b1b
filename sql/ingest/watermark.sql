-- One row at most: update time up to which the feed has been landed.
select read_until from ops.watermarks where feed = %(feed)s
