"""The standing of pilot units: what each may examine, and when."""
