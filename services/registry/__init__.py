"""The registry: who may do what, and what has been filed."""
