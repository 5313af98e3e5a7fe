"""What a site may name: occupations and levels that a standard offers, and an answer to each condition."""

from collections.abc import Mapping, Sequence

from services.registry.sites.commands import RegisterSite
from shared.errors import Fault, Kind
from shared.events.registry import SiteScope

Offered = Mapping[str, frozenset[str]]
"""Levels offered by the standard editions in force, by occupation."""


class SiteOutsideStandards(Fault):
    """The site names an occupation or level that no published standard offers."""

    slug, kind = "site-outside-standards", Kind.CONFLICT


class WrongConditions(Fault):
    """Each condition is answered once, with evidence where it is met."""

    slug, kind = "site-conditions", Kind.CONFLICT


def check(asked: RegisterSite, offered: Offered, conditions: Sequence[str]) -> None:
    """Refuse what no standard offers, and conditions that are not answered once each."""
    for place, scope in enumerate(asked.scopes):
        _check_scope(scope, offered, f"/scopes/{place}")
    if len({scope.occupation for scope in asked.scopes}) < len(asked.scopes):
        raise SiteOutsideStandards("name each occupation once, with all its levels", field="/scopes")
    if sorted(answer.condition for answer in asked.conditions) != sorted(conditions):
        raise WrongConditions(f"answer each of these once: {', '.join(conditions)}", field="/conditions")
    for place, answer in enumerate(asked.conditions):
        if answer.met and not answer.evidence.strip():
            raise WrongConditions("name what shows that it is met", field=f"/conditions/{place}/evidence")


def _check_scope(scope: SiteScope, offered: Offered, pointer: str) -> None:
    if scope.occupation not in offered:
        raise SiteOutsideStandards(f"no standard of {scope.occupation} is published", field=f"{pointer}/occupation")
    if not scope.levels or set(scope.levels) - offered[scope.occupation]:
        raise SiteOutsideStandards("name levels that its standard offers", field=f"{pointer}/levels")
    if scope.stations < 1:
        raise SiteOutsideStandards("count at least one work station", field=f"{pointer}/stations")
