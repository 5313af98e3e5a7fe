"""The Center, the authorities and their pilot units."""
