"""Inboxes: what waits for each organisation, until when, and what came of it."""
