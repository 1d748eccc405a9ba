"""Duo's merge request summaries: a diff, for which the reply gives what a reviewer should know before reading it.

acc: the summary has the form that was asked for, mentions every area that the change touches, and names nothing that is
not in the diff or in what was said. Each is told beside it. Rows: datasets/chat/README.md.
"""

import re
from dataclasses import dataclass, field
from typing import ClassVar

from benchmarks.change_text import ChangeText
from harness.prompts.instructions import Instruction, instruction

MOST_WORDS = 150
BULLETS = range(2, 9)
_BULLET = re.compile(r"\s*[-*+•]\s+\S")
_HEADING = re.compile(r"^\s*(#{1,6}\s|[*_]{2}[^*_]+[*_]{2}:?\s*$)", re.MULTILINE)


@dataclass(frozen=True)
class MergeRequestSummary(ChangeText):
    """The benchmark; its settings are the system's turn, which --prompts-dir replaces, and what it is compared by."""

    instruction: Instruction = field(default_factory=lambda: instruction("merge-request-summary"))

    name: ClassVar[str] = "merge-request-summary"
    version: ClassVar[str] = "1"
    split: ClassVar[str] = "merge_request_summary"
    asked: ClassVar[str] = "Summarise this merge request for its reviewers."

    def faults(self, text: str) -> list[str]:
        """What is wrong with the form of a text."""
        return faults(text)


def faults(summary: str) -> list[str]:
    """What is wrong with the form of a summary."""
    lines = [line for line in summary.split("\n") if line.strip()]
    bullets = [number for number, line in enumerate(lines) if _BULLET.match(line)]
    rules = {
        "it does not begin with a paragraph": not lines or bullets[:1] == [0],
        f"not {BULLETS[0]} to {BULLETS[-1]} bullets": len(bullets) not in BULLETS,
        "something follows the list": bool(bullets)
        and any(not line.startswith(" ") for line in lines[bullets[-1] + 1 :]),
        f"more than {MOST_WORDS} words": len(summary.split()) > MOST_WORDS + len(bullets),
        "it has headings": _HEADING.search(summary) is not None,
        "something is fenced": "```" in summary,
    }
    return [fault for fault, there in rules.items() if there]
