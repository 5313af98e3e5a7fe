"""One document per entity, saved together with its events by one conditional write."""
