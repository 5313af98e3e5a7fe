"""Notices: what the public reads of a batch, its announcement and, while it is on notice, who passed."""
