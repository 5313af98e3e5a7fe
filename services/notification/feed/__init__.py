"""The feed: every event ever said, in one log with positions."""
