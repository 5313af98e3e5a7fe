"""Indicators of pilot units, added up from the events that were heard of them."""
