"""Driving the running system as its users do: over HTTP, with generated people and a webhook receiver."""
