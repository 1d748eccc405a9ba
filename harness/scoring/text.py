"""How well a text matches reference answers.

Exact match and F1 over words as SQuAD and ReCoRD define them, and the edit similarity of code.
"""

import re
import string
from collections import Counter
from collections.abc import Iterable

_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """Lower case, without punctuation and English articles, single spaces (Rajpurkar et al. 2016, evaluate-v1.1)."""
    text = text.lower().translate(_PUNCTUATION)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def exact_match(text: str, answers: Iterable[str]) -> float:
    """1.0 where the normalised text equals that of one of the answers."""
    return float(any(normalised(text) == normalised(answer) for answer in answers))


def word_f1(text: str, answers: Iterable[str]) -> float:
    """The best F1 of the text's words with an answer's: 2 · common / (words here + words there), words as a multiset.

    Two texts without any word match; no answers at all score 0.
    """
    return max((_f1(normalised(text).split(), normalised(answer).split()) for answer in answers), default=0.0)


def _f1(ours: list[str], theirs: list[str]) -> float:
    if not ours or not theirs:
        return float(ours == theirs)
    return 2 * (Counter(ours) & Counter(theirs)).total() / (len(ours) + len(theirs))


def edit_similarity(one: str, other: str) -> float:
    """1 - distance / length of the longer, in characters (Levenshtein 1966); 1 for two empty texts."""
    longer = max(len(one), len(other))
    return 1 - edit_distance(one, other) / longer if longer else 1.0


def edit_distance(one: str, other: str) -> int:
    """The fewest insertions, deletions and replacements of one character that make ``other`` of ``one``.

    Bit by bit, a column of the table at once (Myers 1999, as Hyyro 2003, figure 8, has it for the whole distance): bits
    say where the table's value grows (``up``) or falls (``down``) by one from row to row.
    """
    if not one:
        return len(other)
    rows = (1 << len(one)) - 1
    last = 1 << (len(one) - 1)
    places: dict[str, int] = {}
    for row, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << row
    up, down, distance = rows, 0, len(one)
    for character in other:
        same = places.get(character, 0)
        diagonal = (((same & up) + up) ^ up) | same | down
        grows, falls = down | ~(diagonal | up), up & diagonal
        distance += bool(grows & last) - bool(falls & last)
        grows, falls = grows << 1 | 1, falls << 1
        up, down = (falls | ~(diagonal | grows)) & rows, grows & diagonal & rows
    return distance
