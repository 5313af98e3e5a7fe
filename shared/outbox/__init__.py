"""From a saved event to a confirmed announcement."""
