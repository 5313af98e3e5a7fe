"""Organisations and the standing of pilot units."""
