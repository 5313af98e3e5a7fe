"""Why did this person pass? Asked over HTTP."""

from fastapi import APIRouter

from services.assessment.explanations.domain import Explanation
from services.assessment.explanations.handlers import Explanations
from shared.auth import Role
from shared.http.door import Within, allow, doors


def routes(explanations: Explanations) -> APIRouter:
    """The door of the explanations room."""
    router = doors("/batches/{batch}/entries/{entry}", "explanations")

    @router.get("/explanation")
    @allow(Role.CENTER, Role.AUTHORITY, Role.UNIT, Role.AUDITOR)
    async def explanation(batch: str, entry: str, scope: Within) -> Explanation:
        """Everything that led to the result of an entry, and each rule with the evidence for it."""
        return await explanations.explain(batch, entry, scope)

    return router
