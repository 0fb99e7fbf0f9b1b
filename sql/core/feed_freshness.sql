-- Until when each feed has been read. Grain: feed.
select feed, read_until
from ops.watermarks
order by feed
