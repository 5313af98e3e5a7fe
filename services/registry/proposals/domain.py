"""The life of a proposal: submitted, returned and submitted again, then adopted or declined for good."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from enum import StrEnum

from services.registry.proposals.commands import AdoptProposal, Attachment, ProposalKind, Section, SubmitProposal
from shared.entity import Entity
from shared.errors import Fault, Kind
from shared.events.base import Event
from shared.events.registry import (
    ProposalAdopted,
    ProposalDeclined,
    ProposalReturned,
    ProposalStanding,
    ProposalSubmitted,
)
from shared.privacy import scrub

FOR_ONE_OCCUPATION = (ProposalKind.STANDARD, ProposalKind.EVALUATION_NORM)


class State(StrEnum):
    """Where a proposal stands."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    ADOPTED = "adopted"
    DECLINED = "declined"


class WrongState(Fault):
    """The proposal is not in a state that allows this."""

    slug, kind = "proposal-state", Kind.CONFLICT


class WrongOccupation(Fault):
    """The proposal does not name an occupation it can be for."""

    slug, kind = "proposal-occupation", Kind.CONFLICT


class WrongStandard(Fault):
    """This edition cannot have come of the proposal."""

    slug, kind = "proposal-standard", Kind.CONFLICT


class NotTheProposer(Fault):
    """Only who proposed it may mend it."""

    slug, kind = "proposal-proposer", Kind.FORBIDDEN


class PersonalNumber(Fault):
    """The text names a person by number."""

    slug, kind = "proposal-personal-number", Kind.CONFLICT


class Proposal(Entity):
    """One proposal of a unit, or of an authority (then `unit` is null and its units do not see it)."""

    unit: str | None
    proposer: str
    kind: ProposalKind
    title: str
    occupation: str | None
    sections: tuple[Section, ...]
    attachments: tuple[Attachment, ...]
    experience: str
    state: State
    submitted_on: date
    round: int = 1
    decided_on: date | None = None
    remarks: str = ""
    conclusion: str = ""
    reason: str = ""
    standard: str | None = None

    def resubmitted(self, proposer: str, asked: SubmitProposal, today: date) -> "tuple[Proposal, Sequence[Event]]":
        """A returned proposal comes back mended."""
        if proposer != self.proposer:
            raise NotTheProposer(f"{self.proposer} proposed it; ask them to mend it, or propose your own")
        self._must_be(State.RETURNED, "only a returned proposal can be submitted again")
        again = self.having(
            **_content(asked), state=State.SUBMITTED, round=self.round + 1, submitted_on=today, remarks=""
        )
        return again, [again.saying(ProposalSubmitted)]

    def returned(self, remarks: str) -> "tuple[Proposal, Sequence[Event]]":
        """The Center sends it back."""
        self._must_be(State.SUBMITTED, "only a submitted proposal can be returned")
        back = self.having(state=State.RETURNED, remarks=remarks)
        return back, [back.saying(ProposalReturned)]

    def adopted(self, asked: AdoptProposal, today: date) -> "tuple[Proposal, Sequence[Event]]":
        """The Center takes it up."""
        self._must_be(State.SUBMITTED, "only a submitted proposal can be adopted")
        adopted = self.having(
            state=State.ADOPTED, decided_on=today, conclusion=asked.conclusion, standard=asked.standard
        )
        return adopted, [adopted.saying(ProposalAdopted)]

    def declined(self, reason: str, today: date) -> "tuple[Proposal, Sequence[Event]]":
        """The Center does not take it up."""
        self._must_be(State.SUBMITTED, "only a submitted proposal can be declined")
        declined = self.having(state=State.DECLINED, decided_on=today, reason=reason)
        return declined, [declined.saying(ProposalDeclined)]

    def must_have_led_to(self, occupation: str) -> None:
        """Refuse an edition that is not of what was proposed."""
        if self.kind is not ProposalKind.STANDARD:
            raise WrongStandard(f"a proposal of {self.kind} leads to no edition; leave it out", field="/standard")
        if self.occupation != occupation:
            raise WrongStandard(
                f"the edition is for {occupation}, the proposal for {self.occupation}; name another or leave it out",
                field="/standard",
            )

    def saying(self, kind: type[ProposalStanding]) -> ProposalStanding:
        """The event that tells everything but the text."""
        told = {name: getattr(self, name) for name in ProposalStanding.model_fields if name != "proposal"}
        return kind(proposal=self.id, **told)

    def _must_be(self, state: State, rule: str) -> None:
        if self.state is not state:
            raise WrongState(f"{rule}; this one is {self.state}")


def submitted(
    identity: str, authority: str, unit: str | None, proposer: str, asked: SubmitProposal, today: date
) -> tuple[Proposal, Sequence[Event]]:
    """A new proposal, waiting for the Center."""
    proposal = Proposal(
        id=identity,
        authority=authority,
        unit=unit,
        proposer=proposer,
        state=State.SUBMITTED,
        submitted_on=today,
        **_content(asked),
    )
    return proposal, [proposal.saying(ProposalSubmitted)]


def check(asked: SubmitProposal, occupations: Collection[str]) -> None:
    """Refuse an occupation that is none, and a text that names a person by number."""
    if asked.occupation is None and asked.kind in FOR_ONE_OCCUPATION:
        raise WrongOccupation(f"a proposal of {asked.kind} is for one occupation; name it", field="/occupation")
    if asked.occupation is not None and asked.occupation not in occupations:
        named = ", ".join(occupations)
        raise WrongOccupation(f"{asked.occupation} is none of the catalogue: {named}", field="/occupation")
    for pointer, text in _texts(asked):
        check_text(text, pointer)


def check_text(text: str, pointer: str) -> None:
    """Refuse a text with an ID number in it: proposals and what is said of them are read by many."""
    if scrub(text) != text:
        raise PersonalNumber("an ID number stands here; describe persons without it", field=pointer)


def _texts(asked: SubmitProposal) -> Iterator[tuple[str, str]]:
    yield from (("/title", asked.title), ("/experience", asked.experience))
    for place, section in enumerate(asked.sections):
        yield f"/sections/{place}/heading", section.heading
        yield f"/sections/{place}/text", section.text
    for place, attachment in enumerate(asked.attachments):
        yield f"/attachments/{place}/name", attachment.name
        yield f"/attachments/{place}/address", attachment.address


def _content(asked: SubmitProposal) -> dict[str, object]:
    return {name: getattr(asked, name) for name in SubmitProposal.model_fields}
