"""Overall plans of authorities and work plans of units: drafted, returned, filed, amended, expired, withdrawn."""
