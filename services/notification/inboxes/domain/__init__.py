"""The rules of inboxes."""
