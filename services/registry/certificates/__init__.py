"""Certificates of qualified workers: on file for a whole life, listed, exported, looked up by number."""
