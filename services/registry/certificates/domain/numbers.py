"""How certificate numbers are built: one format for each regime, put together from parts as the data says."""

import re
from collections.abc import Mapping
from typing import Literal

from shared.errors import Fault, Kind
from shared.events.base import Record

Piece = Literal["year", "issuer", "level", "serial"]


class BrokenNumberFormat(Fault):
    """The number format and the issuer code do not go together; mend the data."""

    slug, kind = "number-format", Kind.UNFORESEEN


class NumberFormat(Record):
    """How a regime's numbers are built; `first` and `last` bound the serial of one year, issuer and level."""

    id: str
    regime: str
    pattern: str
    pieces: tuple[Piece, ...]
    levels: tuple[str, ...]
    """Levels that have a place in the number."""
    serial_digits: int
    first: int
    last: int

    def number(self, year: int, issuer: str, level: str, serial: int) -> str:
        """The year's last two digits, the issuer, the level and the serial in the format's order."""
        values = {
            "year": f"{year % 100:02d}",
            "issuer": issuer,
            "level": level,
            "serial": f"{serial:0{self.serial_digits}d}",
        }
        number = "".join(values[piece] for piece in self.pieces)
        if re.fullmatch(self.pattern, number) is None:
            raise BrokenNumberFormat(f"{number} does not fit the format {self.id}")
        return number


class NumberFormats(Record):
    """The formats of all regimes, and how the print of a certificate is told from the one before it."""

    formats: Mapping[str, NumberFormat]
    print_serial: str
    """A template of `number` and `print`."""

    def of(self, regime: str) -> NumberFormat:
        """The format of a regime."""
        if regime not in self.formats:
            raise BrokenNumberFormat(f"the data hold no number format of the regime {regime}")
        return self.formats[regime]

    def printed(self, number: str, prints: int) -> str:
        """The serial of a certificate's n-th print."""
        return self.print_serial.format(number=number, print=prints)
