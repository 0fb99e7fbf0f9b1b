"""Judges each raw batch: into core, into quarantine with a reason, or stopped."""
