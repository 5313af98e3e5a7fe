"""What the feed keeps of an event, who may ask for which, and what is left out of it."""
