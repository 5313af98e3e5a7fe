"""Results: on public notice, then final, then said chunk by chunk."""
