"""Assignments: who assesses, supervises and invigilates a batch, by which rules, and what was refused or set aside."""
