"""Rooms are arranged, tickets given, attendance noted, and all of it shown."""

from services.assessment.arrangements.handlers.arranging import Arrangements
from services.assessment.arrangements.handlers.attending import Attendances, RoomRecord, RowNoted
from services.assessment.arrangements.handlers.showing import Papers, RoomPaper, TicketPaper

__all__ = ["Arrangements", "Attendances", "Papers", "RoomPaper", "RoomRecord", "RowNoted", "TicketPaper"]
