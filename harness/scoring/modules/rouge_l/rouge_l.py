"""ROUGE-L as a metric of the library ``evaluate``: F-score of the longest common subsequence of words (Lin 2004).

Computed by rouge-score, without stemming. Stands alone, as modules of that library do.
"""

from typing import Any

import evaluate
from rouge_score.rouge_scorer import RougeScorer

import datasets


class RougeL(evaluate.Metric):  # type: ignore[misc]
    """The mean over pairs of texts, from 0 to 1."""

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description="ROUGE-L of each prediction against its reference",
            citation="",
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
            ),
        )

    def _compute(self, predictions: list[str], references: list[str]) -> dict[str, Any]:
        scorer = RougeScorer(["rougeL"])
        scores = [
            scorer.score(reference, prediction)["rougeL"].fmeasure
            for prediction, reference in zip(predictions, references, strict=True)
        ]
        return {"rouge_l": sum(scores) / len(scores)}
