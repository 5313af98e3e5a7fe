"""Notification: keeps every event in one feed and tells those entitled to know."""
