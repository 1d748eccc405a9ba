"""What benchmarks of code say of an answer beside whether it passes: does the file parse, how much was written."""

from harness.metrics import Mean
from harness.prompts import syntax
from harness.scoring import similarity
from harness.scoring.similarity import COSINE

PARSES, LENGTH = "parses", "answer characters"


def metrics_beside(cosine: bool) -> tuple[Mean, ...]:
    """Metrics of all code benchmarks, after their own; with ``cosine`` the similarity to the reference as well."""
    beside = Mean(PARSES, by=()), Mean(LENGTH, by=(), bounded=False)
    return (*beside, Mean(COSINE, by=())) if cosine else beside


def ready(cosine: bool) -> None:
    """Makes sure, before anything is asked, that what :func:`scores_beside` needs is here.

    Raises:
        UnavailableError: the embedding model is not.
    """
    if cosine:
        similarity.model()


async def scores_beside(file: str, inserted: str, reference: str, language: str, cosine: bool) -> dict[str, float]:
    """The scores of :func:`metrics_beside`: ``file`` is the whole with ``inserted`` where ``reference`` should be.

    Raises:
        UnavailableError: the embedding model is not here.
    """
    scores = {PARSES: float(syntax.parses(file, language)), LENGTH: float(len(inserted))}
    return scores | ({COSINE: await similarity.cosine_similarity(inserted, reference)} if cosine else {})
