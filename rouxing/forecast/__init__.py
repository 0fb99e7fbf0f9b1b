"""Pickups per store and day as quantiles, from history, calendar and what customers have already committed to."""
