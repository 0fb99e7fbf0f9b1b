"""Measured comparisons, longer than the tests. `make bench` runs them all."""
