"""The rules of proposals, without a server."""

from datetime import date
from typing import Any

import pytest

from services.registry.proposals.commands import AdoptProposal, ProposalKind, SubmitProposal
from services.registry.proposals.domain import (
    NotTheProposer,
    PersonalNumber,
    Proposal,
    State,
    WrongOccupation,
    WrongStandard,
    WrongState,
    check,
    submitted,
)
from shared.errors import Fault
from shared.events.registry import ProposalAdopted, ProposalDeclined, ProposalReturned, ProposalSubmitted

ID_NUMBER = "110105188912310021"
EXAMPLE = SubmitProposal.model_json_schema()["examples"][0]
OCCUPATIONS = ("rebar_worker", "mason")
MONDAY, FRIDAY = date(2019, 12, 2), date(2019, 12, 6)
ADOPT = AdoptProposal(conclusion="采纳。")


def asked(**changes: Any) -> SubmitProposal:
    return SubmitProposal.model_validate({**EXAMPLE, **changes})


def proposal(**changes: Any) -> Proposal:
    made, _ = submitted("proposal-1", "33", "unit-33-001", "unit-33-001", asked(), MONDAY)
    return made.having(**changes)


def test_a_submitted_proposal_waits_for_the_center_and_says_so() -> None:
    made, (event,) = submitted("proposal-1", "33", None, "33", asked(), MONDAY)
    assert isinstance(event, ProposalSubmitted)
    assert (made.state, made.round, made.submitted_on) == (State.SUBMITTED, 1, MONDAY)
    assert (event.proposer, event.unit, event.kind, event.title) == ("33", None, "standard", made.title)


def test_a_returned_proposal_carries_the_remarks_until_it_comes_back() -> None:
    back, (event,) = proposal().returned("请补充。")
    assert isinstance(event, ProposalReturned)
    assert (back.state, event.remarks, event.state) == (State.RETURNED, "请补充。", "returned")
    again, (event,) = back.resubmitted("unit-33-001", asked(title="补充后"), FRIDAY)
    assert isinstance(event, ProposalSubmitted)
    assert (again.state, again.remarks, again.title, again.round) == (State.SUBMITTED, "", "补充后", 2)
    assert (event.round, event.submitted_on) == (2, FRIDAY)


def test_only_who_proposed_it_mends_it() -> None:
    with pytest.raises(NotTheProposer, match="unit-33-001 proposed it"):
        proposal(state=State.RETURNED).resubmitted("33", asked(), FRIDAY)


def test_an_adopted_proposal_says_the_conclusion_and_the_edition_that_came_of_it() -> None:
    adopted, (event,) = proposal().adopted(AdoptProposal(conclusion="采纳。", standard="standard-1"), FRIDAY)
    assert isinstance(event, ProposalAdopted)
    assert (adopted.state, event.conclusion, event.standard, event.decided_on) == (
        "adopted",
        "采纳。",
        "standard-1",
        FRIDAY,
    )


def test_a_declined_proposal_says_why() -> None:
    declined, (event,) = proposal().declined("重复。", FRIDAY)
    assert isinstance(event, ProposalDeclined)
    assert (declined.state, event.reason, event.decided_on) == ("declined", "重复。", FRIDAY)


@pytest.mark.parametrize("state", [State.RETURNED, State.ADOPTED, State.DECLINED])
def test_only_what_lies_before_the_center_is_decided(state: State) -> None:
    stands = proposal(state=state)
    with pytest.raises(WrongState, match=f"returned; this one is {state}"):
        stands.returned("请补充。")
    with pytest.raises(WrongState, match=f"adopted; this one is {state}"):
        stands.adopted(ADOPT, FRIDAY)
    with pytest.raises(WrongState, match=f"declined; this one is {state}"):
        stands.declined("重复。", FRIDAY)


def test_the_edition_that_came_of_it_is_of_what_was_proposed() -> None:
    proposal().must_have_led_to("rebar_worker")
    with pytest.raises(WrongStandard, match="the edition is for mason"):
        proposal().must_have_led_to("mason")
    with pytest.raises(WrongStandard, match="leads to no edition"):
        proposal(kind=ProposalKind.SITE_CRITERIA).must_have_led_to("rebar_worker")


@pytest.mark.parametrize(
    ("changes", "fault", "field"),
    [
        ({"occupation": None}, WrongOccupation, "/occupation"),
        ({"kind": "evaluation_norm", "occupation": None}, WrongOccupation, "/occupation"),
        ({"kind": "site_criteria", "occupation": "plumber"}, WrongOccupation, "/occupation"),
        ({"title": f"{ID_NUMBER}的建议"}, PersonalNumber, "/title"),
        ({"experience": ID_NUMBER}, PersonalNumber, "/experience"),
        ({"sections": [{"heading": "一", "text": f"考生{ID_NUMBER}"}]}, PersonalNumber, "/sections/0/text"),
    ],
)
def test_what_cannot_be_proposed_is_refused_with_the_field(
    changes: dict[str, Any], fault: type[Fault], field: str
) -> None:
    with pytest.raises(fault) as refused:
        check(asked(**changes), OCCUPATIONS)
    assert refused.value.field == field


@pytest.mark.parametrize("kind", ["site_criteria", "assessor_criteria", "supervisor_criteria"])
def test_criteria_may_concern_all_occupations(kind: str) -> None:
    check(asked(kind=kind, occupation=None), OCCUPATIONS)


@pytest.mark.parametrize("digest", ["", "9F" * 32, "9f" * 31, "g" * 64])
def test_an_attachment_is_named_by_64_hexadecimal_digits(digest: str) -> None:
    attachment = {**EXAMPLE["attachments"][0], "sha256": digest}
    with pytest.raises(ValueError, match="sha256"):
        asked(attachments=[attachment])
