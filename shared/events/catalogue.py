"""The catalogue: every event that is spoken, by its type."""

from types import ModuleType

from shared.events import assessment, evaluation, notification, registry
from shared.events.base import Event


def _spoken(module: ModuleType) -> list[type[Event]]:
    classes = [item for item in vars(module).values() if isinstance(item, type) and issubclass(item, Event)]
    return [item for item in classes if item.__module__.startswith(module.__name__) and "type" in vars(item)]


SPEAKERS: dict[str, list[type[Event]]] = {
    module.__name__.rsplit(".", 1)[-1]: _spoken(module) for module in (registry, assessment, evaluation, notification)
}
EVENTS: dict[str, type[Event]] = {event.type: event for events in SPEAKERS.values() for event in events}
