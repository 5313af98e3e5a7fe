"""The whole vocabulary: one file per speaking service, one catalogue over them."""
