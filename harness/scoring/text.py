"""How well a short text matches reference answers: exact match and F1 over words, as SQuAD and ReCoRD define them."""

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
