"""Evaluations of pilot units, from the self-check to the filing, and the loss of pilot status."""
