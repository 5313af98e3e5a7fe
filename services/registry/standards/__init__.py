"""Occupations and the standard editions they are examined by."""
