"""Servers around the services: what they must be told, and local ones for development and tests."""
