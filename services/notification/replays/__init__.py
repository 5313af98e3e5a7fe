"""Replays: what was told already is told again, from any position or after a failure, all of it by one call."""
