"""The cycles of the programme: which stages they have, when each is open, and who may be late."""
