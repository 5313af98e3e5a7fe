"""Arrangements: rooms, tickets with a place for each part, and who was present, late or absent, or broke the rules."""
