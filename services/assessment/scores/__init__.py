"""Scores: the points of every part, and whether all of them are reached."""
