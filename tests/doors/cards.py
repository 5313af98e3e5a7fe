"""Cards to issue through the registry's doors, and one of line 33 for the tests of who may see it."""

from typing import Any

import httpx

from infra.drive.people import Person, people
from tests.live import Running

PAPERS: dict[str, dict[str, Any]] = {
    "worker": {"kind": "certificate", "document": "职业资格证书(三级)", "level": "3", "since": "2012-05-18"},
    "technician": {"kind": "certificate", "document": "职业资格证书(一级)", "level": "1", "since": "2016-05-18"},
    "title": {"kind": "title", "document": "工程师资格证书", "level": "intermediate", "since": "2014-11-03"},
    "assessor": {"kind": "practice", "document": "考评员聘书", "level": "assessor", "since": "2016-08-01"},
    "training": {"kind": "training", "document": "结业证", "since": "2019-08-20"},
    "exam": {"kind": "exam", "document": "考试合格通知", "since": "2019-08-23"},
}
QUALIFYING = {
    "assessor": ("worker", "training", "exam"),
    "senior_assessor": ("technician", "assessor", "training", "exam"),
    "supervisor": ("assessor", "training", "exam"),
}


def asked(person: Person, kind: str = "assessor", **changed: Any) -> dict[str, Any]:
    """A card to be issued, with the papers its kind needs."""
    return {
        "kind": kind,
        "name": person.name,
        "id_number": person.id_number,
        "employer": "示例建筑工程有限公司",
        "scopes": [{"occupation": "rebar_worker", "levels": ["5", "4"]}],
        "evidence": [PAPERS[name] for name in QUALIFYING[kind]],
        "valid_from": "2019-09-02",
        **changed,
    }


def authority(service: Running, line: str = "33") -> dict[str, str]:
    """Headers of an authority, with a new Idempotency-Key."""
    return service.token("authority", line, line)


async def issued(service: Running, person: Person, headers: dict[str, str] | None = None, **changed: Any) -> Any:
    """The card the registry issues for that."""
    answer = await answered(service, person, headers, **changed)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def answered(
    service: Running, person: Person, headers: dict[str, str] | None = None, **changed: Any
) -> httpx.Response:
    """The answer to a card that is asked for."""
    return await service.http.post("/v1/cards", json=asked(person, **changed), headers=headers or authority(service))


async def made(service: Running) -> dict[str, str]:
    """A card of the line."""
    card = await issued(service, next(people(seed=33)))
    return {"card": card["id"]}
