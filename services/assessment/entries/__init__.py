"""Entries: one candidate in one batch, from enrolment to certificate."""
