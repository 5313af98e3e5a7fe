"""An act: one request or one heard event, with what makes a repeat recognisable and what limits its reach."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.auth import Caller, Role


@dataclass(frozen=True, slots=True)
class Scope:
    """What an act may see: everything, one authority's line, or one organisation in that line."""

    authority: str | None = None
    unit: str | None = None

    def query(self) -> dict[str, Any]:
        """The filter that every query of this act carries."""
        named = {"authority": self.authority, "unit": self.unit}
        return {field: value for field, value in named.items() if value is not None}

    def admits(self, authority: str | None, unit: str | None) -> bool:
        """Whether something of that line and unit is within this scope."""
        return self.authority in (None, authority) and self.unit in (None, unit)


EVERYTHING = Scope()
NATIONAL = "national"
"""The line of what concerns every authority: standards, the Center's own records."""


def scope_of(caller: Caller) -> Scope:
    """The Center and auditors without a line see all; an authority its line; everyone else their organisation.

    A subscriber without a unit in its organisation sees the line, as the authority that let it subscribe does.
    """
    if caller.role in (Role.CENTER, Role.AUDITOR) and caller.authority is None:
        return EVERYTHING
    if caller.role in (Role.AUTHORITY, Role.AUDITOR, Role.SUBSCRIBER):
        return Scope(authority=caller.authority)
    return Scope(authority=caller.authority, unit=caller.organisation)


@dataclass(frozen=True, slots=True)
class Act:
    """Why something changes: `id` is the same for a repeat of the same request or event.

    `correlation` follows one piece of work across services, `causation` is the event that led here,
    `trace` the W3C traceparent that the caused events carry on (None: the current span's).
    """

    id: str
    at: datetime
    correlation: str
    scope: Scope = EVERYTHING
    caller: Caller | None = None
    causation: str | None = None
    trace: str | None = None

    @property
    def actor(self) -> str:
        """Who is named in records: the caller's subject, or the system."""
        return self.caller.subject if self.caller else "system"
