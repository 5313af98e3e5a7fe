"""Everything the kit plays, in its order: the challenge first, and last what can only be said of the whole run."""

from infra.kit.scenarios.keeping import duplicates, older, outage, reordered
from infra.kit.scenarios.overall import gone, pushback, timely
from infra.kit.scenarios.refusing import ed25519_only, missing, old, tampered, wrong_signature
from infra.kit.scenarios.taking import challenge, every_type, rotation, thin, unknown_fields, unknown_type
from infra.kit.verdicts import Scenario

SCENARIOS = (
    Scenario(
        "challenge",
        "a challenge, before anything else",
        "Answer `skillcert.challenge` with 2xx and the same challenge, also before you know the secret.",
        challenge,
    ),
    Scenario(
        "every-type",
        "every event type once, in full",
        "Check the signature, keep the event, answer 2xx; what does not concern you is answered 2xx as well.",
        every_type,
    ),
    Scenario(
        "thin",
        "every event type once, without its data",
        "Answer 2xx first, and fetch what `dataref` names afterwards.",
        thin,
    ),
    Scenario(
        "unknown-type",
        "an event type that is new",
        "Answer 2xx and leave it: new types are announced in the catalogue, not by an error at yours.",
        unknown_type,
    ),
    Scenario(
        "unknown-fields",
        "every event type with fields that are new",
        "Ignore fields you do not know: they are added within a version.",
        unknown_fields,
    ),
    Scenario(
        "rotation",
        "two secrets while they are changed",
        "Look at every part of `webhook-signature`; one that holds is enough, unknown ones are no error.",
        rotation,
    ),
    Scenario(
        "v1a-only",
        "a signature by the key alone",
        "Check `v1a` with the public key, or refuse it with 401; never take it unchecked.",
        ed25519_only,
    ),
    Scenario(
        "wrong-signature",
        "a signature by somebody else",
        "Answer 401 to a signature that does not hold, and do nothing with what it came with.",
        wrong_signature,
    ),
    Scenario(
        "old-timestamp",
        "a right signature of three hours ago",
        "Refuse a `webhook-timestamp` more than five minutes from your clock: it is somebody's copy.",
        old,
    ),
    Scenario(
        "missing-headers",
        "without one of the three headers",
        "Refuse with 400 or 401 what comes without id, timestamp or signature.",
        missing,
    ),
    Scenario(
        "tampered",
        "changed after it was signed",
        "Check the signature each time, over the id, the timestamp and the very bytes of the body.",
        tampered,
    ),
    Scenario(
        "duplicates",
        "every event three times, two of them at once",
        "Answer 2xx each time; remember `webhook-id` and handle it once.",
        duplicates,
    ),
    Scenario(
        "reordered",
        "the second event of an entity before its first",
        "Take events in any order; do not wait for those before.",
        reordered,
    ),
    Scenario(
        "older-version",
        "an older version of an entity after a newer one",
        "Answer 2xx, and let a lower `sequence` not overwrite what a higher one said.",
        older,
    ),
    Scenario(
        "outage",
        "nothing for a while, then the backlog, fifty at once",
        "Take bursts, or answer 429 with Retry-After; lose none and handle none twice.",
        outage,
    ),
    Scenario(
        "timely",
        "how long answers take",
        "Keep the event, answer, and work afterwards: an answer after the time limit counts as none.",
        timely,
    ),
    Scenario(
        "pushback",
        "whether it asks to wait",
        "429 with Retry-After is allowed: the sender waits as long as it says.",
        pushback,
    ),
    Scenario(
        "gone",
        "whether it says it is gone",
        "Answer 410 only to be sent nothing any more: it disables the subscription.",
        gone,
    ),
)
