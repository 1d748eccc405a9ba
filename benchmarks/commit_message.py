"""Duo's commit messages: a diff, for which the reply gives the message.

acc: the message has the form that was asked for, mentions every area that the change touches, and names nothing that is
not in the diff or in what was said. Each is told beside it. Rows: datasets/chat/README.md.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from benchmarks.change_text import ChangeText
from harness.prompts.instructions import Instruction, instruction

WIDTH = 72
"""Characters of a line, as Git's own documentation and GitLab's guidelines advise."""
LEAST_WORDS = 3
_PAST = ("ed", "ing")
_IMPERATIVES = ("embed", "feed", "need", "seed", "speed", "shed", "shred", "bring", "ping", "proceed", "exceed")


@dataclass(frozen=True)
class CommitMessage(ChangeText):
    """The benchmark; its settings are the system's turn, which --prompts-dir replaces, and what it is compared by."""

    instruction: Instruction = field(default_factory=lambda: instruction("commit-message"))

    name: ClassVar[str] = "commit-message"
    version: ClassVar[str] = "1"
    split: ClassVar[str] = "commit_message"
    asked: ClassVar[str] = "Write the commit message for this change."

    def faults(self, text: str) -> list[str]:
        """What is wrong with the form of a text."""
        return faults(text)


def faults(message: str) -> list[str]:
    """What is wrong with the form of a commit message."""
    subject, *rest = message.split("\n")
    words = subject.split()
    body = [line.rstrip() for line in rest[1:]]
    first = words[0].lower() if words else ""
    third_person = first.endswith("s") and not first.endswith(("ss", "us"))
    rules = {
        f"the subject has more than {WIDTH} characters": len(subject) > WIDTH,
        f"the subject has fewer than {LEAST_WORDS} words": len(words) < LEAST_WORDS,
        "the subject does not begin with a capital letter": not subject[:1].isupper(),
        "the subject ends with a full stop": subject.rstrip().endswith("."),
        "the subject is not in the imperative": third_person or (first.endswith(_PAST) and first not in _IMPERATIVES),
        "no blank line after the subject": bool(rest) and bool(rest[0].strip()),
        "no body": not any(body),
        f"a line of the body has more than {WIDTH} characters": any(len(line) > WIDTH for line in body),
        "something is fenced": "```" in message,
    }
    return [fault for fault, there in rules.items() if there]
