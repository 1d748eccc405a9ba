"""How like a reference a text is, in words and in meaning: said beside a score, never in its place.

chrF and ROUGE-L come by the library ``evaluate``, from modules of ours in this package: it fetches nothing. Cosine and
cross similarity come from an embedding model (harness/scoring/similarity.py). All need the extra ``similarity``.
"""

import asyncio
import tempfile
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from harness.errors import NotInstalledError
from harness.metrics import Mean
from harness.scoring import similarity
from harness.scoring.similarity import COSINE, CROSS

CHRF, ROUGE_L = "chrF", "ROUGE-L"
_MODULES = Path(__file__).parent / "modules"
_one_at_a_time = Lock()


def likeness_metrics() -> tuple[Mean, ...]:
    """The means of what :func:`likeness` says."""
    return tuple(Mean(name, by=()) for name in (COSINE, CROSS, CHRF, ROUGE_L))


def ready() -> None:
    """Makes sure, before anything is asked, that what :func:`likeness` needs is here.

    Raises:
        NotInstalledError: a library is not.
        UnavailableError: the embedding model is not.
    """
    similarity.model()
    _metric("chrf")
    _metric("rouge_l")


async def likeness(text: str, reference: str) -> dict[str, float]:
    """Each from 0 to 1; 0 of a blank text. Raises as :func:`ready` does."""
    if not text.strip():
        return dict.fromkeys((COSINE, CROSS, CHRF, ROUGE_L), 0.0)
    by_words = await asyncio.to_thread(_by_words, text, reference)
    cosine, cross = await asyncio.gather(
        similarity.cosine_similarity(text, reference), similarity.cross_similarity(text, reference)
    )
    return {COSINE: cosine, CROSS: cross, **by_words}


def _by_words(text: str, reference: str) -> dict[str, float]:
    pairs = {"predictions": [text], "references": [reference]}
    with _one_at_a_time:
        chrf, rouge_l = (_metric(name).compute(**pairs)[name] for name in ("chrf", "rouge_l"))
    return {CHRF: float(chrf), ROUGE_L: float(rouge_l)}


@cache
def _metric(name: str) -> Any:
    try:
        import evaluate
    except ImportError as error:
        raise NotInstalledError("likeness of texts", error.name, "similarity") from None
    # Kept in memory: what it would write into a cache of its own is of no use to anybody.
    return evaluate.load(str(_MODULES / name / f"{name}.py"), keep_in_memory=True, cache_dir=tempfile.gettempdir())
