"""Subscriptions: who wants to be told what, and at which URL."""
