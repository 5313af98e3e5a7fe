"""Signals: what looks wrong in sealed sheets is found and told; it changes no result."""
