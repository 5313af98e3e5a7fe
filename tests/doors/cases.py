"""A case about the certificates of the unit, and the programme they belong to, for the tests of who may see what."""

from tests.live import Running

Made = dict[str, str]
ASKED = {"subject": "unit", "subject_id": "unit-33-001", "reason": "举报成绩造假，逐一核查。"}


async def made(service: Running) -> Made:
    """A case opened by the Center; a programme is there from the start."""
    answer = await service.http.post("/v1/cases", json=ASKED, headers=service.token("center"))
    assert answer.status_code == 201, answer.text
    return {"case": answer.json()["id"], "programme": "pilot-2019"}
