"""Assessment: batches of candidates, their scores, and the results that become certificates."""
