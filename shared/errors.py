"""What can go wrong, said once: an error has a kind, and each door translates the kind in one table."""

from collections.abc import Sequence
from enum import StrEnum, auto


class Kind(StrEnum):
    """How a fault is answered; the HTTP and the bus table each cover every kind."""

    MALFORMED = auto()
    """The input cannot be read as what it should be."""
    INVALID = auto()
    """The input reads well and can never be right."""
    CONFLICT = auto()
    """A rule or the present state forbids it."""
    STALE = auto()
    """The caller looked at an older version."""
    NOT_FOUND = auto()
    """Not there, or not within the caller's scope."""
    UNAUTHENTICATED = auto()
    """No valid token."""
    FORBIDDEN = auto()
    """A valid token that names nobody who may do this."""
    TOO_MANY = auto()
    """Asked too often from one place; the same request succeeds later."""
    UNAVAILABLE = auto()
    """Something this service needs does not answer now; the same request may succeed later."""
    UNFORESEEN = auto()
    """A defect of ours."""


class Fault(Exception):  # noqa: N818 - the field says what went wrong, not that it is an error
    """Something went wrong; the detail says what to do next.

    `field` is a JSON pointer into the input, `rule` the key of the trade rule that refused it;
    `further` are the faults it is made of, when several places are to be mended.
    """

    slug: str = "unforeseen"
    kind: Kind = Kind.UNFORESEEN

    def __init__(
        self,
        detail: str,
        *,
        field: str | None = None,
        rule: str | None = None,
        further: "Sequence[Fault]" = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.rule = rule
        self.further = tuple(further)

    @property
    def title(self) -> str:
        """The first line of the error's docstring."""
        return (self.__doc__ or self.slug).strip().splitlines()[0]


class NotFound(Fault):
    """There is no such thing, or it is not yours to see."""

    slug, kind = "not-found", Kind.NOT_FOUND


class AlreadyThere(Fault):
    """Something with this identity exists and was made by another request."""

    slug, kind = "already-there", Kind.CONFLICT


class Stale(Fault):
    """It changed since you read it; read it again and repeat the change."""

    slug, kind = "stale-version", Kind.STALE


class Contended(Fault):
    """Too many writers at once; repeat the same request."""

    slug, kind = "contended", Kind.UNAVAILABLE


class StorageUnavailable(Fault):
    """The database does not answer; repeat the same request later."""

    slug, kind = "storage-unavailable", Kind.UNAVAILABLE


class TooMany(Fault):
    """This is asked too often; wait and repeat the request."""

    slug, kind = "too-many-requests", Kind.TOO_MANY

    def __init__(self, detail: str, *, rule: str, retry_after: int) -> None:
        super().__init__(detail, rule=rule)
        self.retry_after = retry_after
        """Seconds until a request is let through again."""


class Forbidden(Fault):
    """Your role may not do this."""

    slug, kind = "forbidden", Kind.FORBIDDEN


class Malformed(Fault):
    """The input cannot be read."""

    slug, kind = "malformed", Kind.MALFORMED
