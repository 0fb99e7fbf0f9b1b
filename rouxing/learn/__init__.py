"""Plans against what happened."""
