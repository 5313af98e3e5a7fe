"""The shape every command shares: frozen, and a field it does not know is refused, not ignored."""

from pydantic import BaseModel, ConfigDict


class Command(BaseModel):
    """Something a service can be asked; a subclass adds its fields and its examples."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
