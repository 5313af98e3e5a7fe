"""Cancellations: what a cancelled batch leaves behind is freed."""
