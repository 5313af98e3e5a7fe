"""Objections: raised against a result on public notice, accepted or refused, reviewed and decided in time."""
