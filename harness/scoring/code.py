"""What benchmarks of code say of an answer beside whether it passes: does the file parse, how much was written."""

from harness.metrics import Mean
from harness.prompts import syntax

PARSES, LENGTH = "parses", "answer characters"
BY_THE_WAY = (Mean(PARSES, by=()), Mean(LENGTH, by=(), bounded=False))
"""Metrics of all code benchmarks, after their own."""


def by_the_way(file: str, inserted: str, language: str) -> dict[str, float]:
    """The scores of :data:`BY_THE_WAY`: ``file`` is the whole with ``inserted`` in its place."""
    return {PARSES: float(syntax.parses(file, language)), LENGTH: float(len(inserted))}
