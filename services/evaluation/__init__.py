"""Evaluation: what is measured of pilot units, how they are evaluated, who loses pilot status."""
