"""Renders what a run found: for a terminal, and for machines."""
