"""The shape every command shares: frozen, and a field it does not know is refused, not ignored."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from shared.privacy import scrub

FreeText = Annotated[str, AfterValidator(scrub)]
"""Free text; an ID number in it is masked before it is kept or said. Bounds of length are put around it."""


class Command(BaseModel):
    """Something a service can be asked; a subclass adds its fields and its examples."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
