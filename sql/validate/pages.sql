-- Raw pages of one batch in their order.
select rows from landing.pages where batch_id = %(batch_id)s order by page_number
