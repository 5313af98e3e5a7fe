"""Eligibility over HTTP: asked before enrolling; the ID number stays out of the address and the answer."""

from fastapi import APIRouter

from services.assessment.eligibility.commands import AskEligibility
from services.assessment.eligibility.domain import Eligibility
from services.assessment.eligibility.handlers import Reviews
from shared.auth import Role
from shared.http.door import allow, doors, reading


def routes(reviews: Reviews) -> APIRouter:
    """The doors of the eligibility room."""
    router = doors("/eligibility", "eligibility")

    @router.post("")
    @allow(Role.UNIT, Role.AUTHORITY, Role.CENTER)
    @reading
    async def ask(asked: AskEligibility) -> Eligibility:
        """Whether a person may enter an exam: by which condition and evidence, or what each condition lacks.

        Standards belong to no line and a certificate counts wherever it was obtained, so all of them are looked at.
        """
        return await reviews.ask(asked)

    return router
