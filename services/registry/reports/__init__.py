"""Implementation-status reports: what became of a filed plan in a period."""
