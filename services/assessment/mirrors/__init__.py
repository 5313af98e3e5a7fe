"""What assessment knows of the registry: the standing of units, the standard editions, the cards, the sites."""
