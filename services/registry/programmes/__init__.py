"""Programmes: under which regime, appraisal or recognition, what begins on a day ends."""
