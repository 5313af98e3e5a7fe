"""What assessment knows of the registry: the standing of units and the standard editions."""
