"""Certificates of qualified workers: filed, numbered without gaps, verified."""
