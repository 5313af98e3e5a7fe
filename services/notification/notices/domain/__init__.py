"""The rules of public notices."""
