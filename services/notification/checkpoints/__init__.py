"""Checkpoints: what every line held by the hour, counted, chained and signed."""
