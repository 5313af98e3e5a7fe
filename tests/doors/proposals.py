"""A proposal to send through the registry's doors."""

from services.registry.proposals.commands import SubmitProposal
from tests.doors.plans import unit
from tests.live import Running

PROPOSAL = SubmitProposal.model_json_schema()["examples"][0]


async def made(service: Running) -> dict[str, str]:
    """By the name of the path parameter, the id of a unit's proposal."""
    answer = await service.http.post("/v1/proposals", json=PROPOSAL, headers=unit(service))
    assert answer.status_code == 201, answer.text
    return {"proposal": answer.json()["id"]}
