"""What every service needs identically: events, messaging, outbox, storage, HTTP, identity, privacy, time."""
