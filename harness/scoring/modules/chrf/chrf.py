"""chrF as a metric of the library ``evaluate``: F-score of character n-grams (Popovic 2015), computed by sacrebleu.

Stands alone, as modules of that library do.
"""

from typing import Any

import evaluate
from sacrebleu.metrics.chrf import CHRF

import datasets


class ChrF(evaluate.Metric):  # type: ignore[misc]
    """The mean over pairs of texts, from 0 to 1."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description="chrF of each prediction against its reference",
            citation="",
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
            ),
        )

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, Any]:
        chrf = CHRF()
        scores = [
            chrf.sentence_score(prediction, [reference]).score / 100
            for prediction, reference in zip(predictions, references, strict=True)
        ]
        return {"chrf": sum(scores) / len(scores)}
