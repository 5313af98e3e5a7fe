"""Lanes: what is due for one subscription, tried over its own connections, and what all of them work with."""
