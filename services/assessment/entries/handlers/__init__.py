"""Candidates are enrolled, let in, withdrawn and mended; what the registry files or rejects ends their entries."""

from services.assessment.entries.handlers.answers import EntriesTaken, Person
from services.assessment.entries.handlers.entries import Entries
from services.assessment.entries.handlers.scales import Read

__all__ = ["Entries", "EntriesTaken", "Person", "Read"]
