"""Coupon quotas that promise no more than stores can keep. Pure frames in, frames out."""
