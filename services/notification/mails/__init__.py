"""Mails: what an inbox is told goes to the addresses that its organisation named and proved."""
