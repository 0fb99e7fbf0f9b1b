"""The outbox: what a plan asks of the outside world, sent once, recorded, resumable."""
