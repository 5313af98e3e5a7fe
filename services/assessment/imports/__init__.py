"""Imports: files of up to 100,000 rows, taken run by run by a worker, each row by the room that owns it."""
