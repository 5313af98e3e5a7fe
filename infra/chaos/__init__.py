"""Faults at random moments while the spine runs, and a ledger that compares what came of every entry."""
