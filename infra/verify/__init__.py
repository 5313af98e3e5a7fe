"""Proves from a file of events that a subscriber holds everything up to a checkpoint, or names what it misses."""
