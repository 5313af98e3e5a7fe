"""Public notices: what everybody may read of results, outcomes and revocations, and the proof that it was published."""
