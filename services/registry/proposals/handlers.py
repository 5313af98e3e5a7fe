"""Load, decide, save: what happens when something is asked about a proposal."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from services.registry.proposals.commands import AdoptProposal, DeclineProposal, ReturnProposal, SubmitProposal
from services.registry.proposals.domain import Proposal, WrongStandard, check, check_text, submitted
from shared.act import Act
from shared.auth import Role
from shared.clock import Clock
from shared.errors import NotFound
from shared.storage.store import Decision, Store


@dataclass(frozen=True)
class Proposals:
    """The proposals room; `occupation_of` asks the standards room which occupation an edition is for."""

    proposals: Store[Proposal]
    occupations: Collection[str]
    occupation_of: Callable[[str], Awaitable[str]]
    clock: Clock

    async def submit(self, act: Act, asked: SubmitProposal) -> Proposal:
        """A new proposal of the caller: of a unit, or of an authority for its line."""
        assert act.caller is not None
        assert act.caller.authority is not None
        check(asked, self.occupations)
        proposer = act.caller.organisation
        unit = proposer if act.caller.role is Role.UNIT else None
        made = submitted(f"proposal-{act.id}", act.caller.authority, unit, proposer, asked, self.clock.today())
        return await self.proposals.add(*made, act)

    async def resubmit(self, act: Act, proposal: str, asked: SubmitProposal, expect: int | None) -> Proposal:
        """A returned proposal, mended by who proposed it."""
        assert act.caller is not None
        proposer, today = act.caller.organisation, self.clock.today()

        def decide(found: Proposal) -> Decision[Proposal]:
            mended = found.resubmitted(proposer, asked, today)
            check(asked, self.occupations)
            return mended

        return await self.proposals.change(proposal, act, decide, expect=expect)

    async def send_back(self, act: Act, proposal: str, asked: ReturnProposal, expect: int | None) -> Proposal:
        """The Center's remarks."""
        check_text(asked.remarks, "/remarks")
        return await self.proposals.change(proposal, act, lambda found: found.returned(asked.remarks), expect=expect)

    async def adopt(self, act: Act, proposal: str, asked: AdoptProposal, expect: int | None) -> Proposal:
        """The Center's conclusion."""
        check_text(asked.conclusion, "/conclusion")
        occupation = await self._occupation_of(asked.standard)
        today = self.clock.today()

        def decide(found: Proposal) -> Decision[Proposal]:
            adopted = found.adopted(asked, today)
            if occupation is not None:
                found.must_have_led_to(occupation)
            return adopted

        return await self.proposals.change(proposal, act, decide, expect=expect)

    async def decline(self, act: Act, proposal: str, asked: DeclineProposal, expect: int | None) -> Proposal:
        """The Center's reason."""
        check_text(asked.reason, "/reason")
        today = self.clock.today()
        return await self.proposals.change(
            proposal, act, lambda found: found.declined(asked.reason, today), expect=expect
        )

    async def _occupation_of(self, standard: str | None) -> str | None:
        try:
            return await self.occupation_of(standard) if standard is not None else None
        except NotFound as cause:
            raise WrongStandard(
                "there is no such edition; draft it first, or leave it out", field="/standard"
            ) from cause
