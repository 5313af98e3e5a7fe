"""Batches: one exam from its announcement to its final results."""
