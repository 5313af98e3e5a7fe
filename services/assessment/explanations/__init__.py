"""Explanations: why an entry passed, from stored evidence alone."""
