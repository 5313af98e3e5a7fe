"""Results: on public notice, final, said in chunks to the registry, filed again, found wrong."""
