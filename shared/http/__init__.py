"""The HTTP shell every service wears: who may call, problem details, idempotency, health, metrics."""
