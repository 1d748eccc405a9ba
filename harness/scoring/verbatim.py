"""Whether an answer holds the reference word for word: a hint that the model has seen the benchmark's answers.

Compared are tokens, without comments, documentation and space. A short function can hardly be written in another way:
nothing is said of references of fewer than :data:`LEAST` tokens.
"""

from collections.abc import Iterator
from dataclasses import replace
from textwrap import dedent

from harness.metrics import Mean
from harness.prompts.syntax.grammars import is_text, text_of, tree
from harness.records import Outcome, Score

LEAST = 50
"""Tokens of a reference of which something is said."""
VERBATIM = Mean("verbatim", by=(), sparse=True)


def with_verbatim(score: Score, code: str, reference: str, language: str) -> Score:
    """``score`` and that of :data:`VERBATIM`: 1.0 where ``code`` holds ``reference``, none where that is too short."""
    wanted = list(_tokens(dedent(reference), language))
    if len(wanted) < LEAST or score.outcome is Outcome.INFRA_ERROR:
        return score
    given = list(_tokens(code, language))
    starts = (at for at, token in enumerate(given) if token == wanted[0])
    held = any(given[at : at + len(wanted)] == wanted for at in starts)
    return replace(score, scores={**score.scores, VERBATIM.name: float(held)})


def _tokens(code: str, language: str) -> Iterator[str]:
    waiting = [tree(code, language)]
    while waiting:
        node = waiting.pop()
        if "comment" in node.type or (node.type == "expression_statement" and is_text(node)):
            continue
        if node.children:
            waiting += reversed(node.children)
        elif text := text_of(node).strip():
            yield '"' if text == "'" else text
