"""Rules of verification: answers, credentials, status lists and the printed sheet; all pure."""
