"""Eligibility: whether a candidate meets the conditions of a level, by claims and by certificates known here."""
