"""Rouxing (柔性): coupons, stock, staff and store pickup of a WeChat retail chain, planned together."""
