"""What a service's README says it hears and says is what it registers and speaks; its routes are doors it has."""

import re
from collections.abc import Iterator

import pytest

from infra.docs.__main__ import ROOT
from infra.docs.wiring import EVERYTHING, Wired, services
from shared.events.catalogue import EVENTS

NAMED = re.compile(r"`…?([a-z_]+(?:\.[a-z_]+)+)(?:\.v\d+)?`")


def readme(service: Wired) -> str:
    return (ROOT / "services" / service.name / "README.md").read_text(encoding="utf-8")


def types_in(text: str) -> Iterator[str]:
    """The event types a text names, whole or shortened to `…thing.past`."""
    for name in NAMED.findall(text):
        yield from (known for known in EVENTS if f".{known}".endswith(f".{name}.v1"))


@pytest.mark.parametrize("service", services(), ids=lambda service: service.name)
def test_a_readme_names_every_event_the_service_says_and_hears_and_no_other(service: Wired) -> None:
    said = {event.type for event in service.says}
    heard = {ear.key for ear in service.hears}
    text = readme(service)
    assert set(types_in(text)) == (said | heard) - {EVERYTHING}
    assert EVERYTHING not in heard or f"`{EVERYTHING}`" in text


@pytest.mark.parametrize("service", services(), ids=lambda service: service.name)
def test_a_readme_names_every_resource_of_its_doors(service: Wired) -> None:
    text = readme(service)
    doors = [path for path in service.app.openapi()["paths"] if path.startswith("/v1/")]
    assert doors
    for path in doors:
        steps = path.removeprefix("/v1/").split("/")
        assert [step for step in steps if not step.startswith("{") and f"/{step}" not in text] == [], path
