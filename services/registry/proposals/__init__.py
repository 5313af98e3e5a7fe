"""What units and authorities learnt and propose: standards, evaluation norms, criteria for sites and people."""
