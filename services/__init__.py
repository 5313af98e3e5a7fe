"""The four services; none imports another, all speak through `shared.events`."""
