"""How often 95 % intervals hold the truth, in simulated evaluations: single scores, clusters, parts, and differences.

    python scripts/coverage.py [--runs 2000]

Prints JSON: for each way to make an interval, n and truth the share of runs whose interval holds it; outside 93-97 % is
marked. Seeds are fixed.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy

from harness.metrics import Average, Mean, Metric, estimates
from harness.paired import Pair, clopper_pearson, paired, published, unpaired
from harness.records import Outcome, Record
from harness.statistics import wilson

SIZES = (50, 148, 500)
CHANCES = (0.02, 0.2, 0.5)
CLUSTER = 5
BOUNDS = 0.93, 0.97
Interval = tuple[float, float]


def main(given: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args(given).runs
    found = []
    for name, draw in WAYS.items():
        for n in SIZES:
            for chance in CHANCES:
                generator = numpy.random.default_rng([n, round(1000 * chance), len(name)])
                held = (
                    float(sum(low <= truth <= high for truth, (low, high) in draw(generator, n, chance, runs))) / runs
                )
                within = BOUNDS[0] <= held <= BOUNDS[1]
                found.append({"way": name, "n": n, "chance": chance, "coverage": held, "within": bool(within)})
    print(json.dumps({"runs": runs, "found": found}, indent=1))


Draw = Callable[[numpy.random.Generator, int, float, int], Iterator[tuple[float, Interval]]]


def singles(interval: Callable[[int, int], Interval]) -> Draw:
    def draw(generator: numpy.random.Generator, n: int, chance: float, runs: int) -> Iterator[tuple[float, Interval]]:
        for passed in generator.binomial(n, chance, runs):
            yield chance, interval(int(passed), n)

    return draw


def clustered(generator: numpy.random.Generator, n: int, chance: float, runs: int) -> Iterator[tuple[float, Interval]]:
    """Samples of five that share a chance, drawn from a beta distribution: correlated by a third."""
    for _ in range(runs):
        chances = generator.beta(2 * chance, 2 * (1 - chance), n // CLUSTER)
        passed = generator.random((n // CLUSTER, CLUSTER)) < chances[:, None]
        records = [
            _record(str(cluster), str(at), float(value))
            for cluster, row in enumerate(passed)
            for at, value in enumerate(row)
        ]
        [(_, estimate)] = estimates([Mean("acc")], records)
        assert estimate is not None
        yield chance, (estimate.low, estimate.high)


def parts(metrics: Sequence[Metric], shares: Sequence[float]) -> Draw:
    """Four parts with ``shares`` of the samples, two hard and two easy; the first metric over them is the score."""

    def draw(generator: numpy.random.Generator, n: int, chance: float, runs: int) -> Iterator[tuple[float, Interval]]:
        chances = [0.5 * chance, 1.5 * chance, 0.5 * chance, 1.5 * chance]
        sizes = [round(n * share) for share in shares]
        equal = isinstance(metrics[0], Average)
        truth = float(numpy.average(chances, weights=None if equal else sizes))
        for _ in range(runs):
            records = [
                _record(f"{part}/{at}", "0", float(value), str(part))
                for part, (size, own) in enumerate(zip(sizes, chances, strict=True))
                for at, value in enumerate(generator.random(size) < own)
            ]
            (_, estimate), *_ = estimates(metrics, records)
            assert estimate is not None
            yield truth, (estimate.low, estimate.high)

    return draw


def pairs(generator: numpy.random.Generator, n: int, chance: float, runs: int) -> Iterator[tuple[float, Interval]]:
    """Two models of which one passes ``chance`` of what the other fails, and fails half as much of what it passes."""
    for _ in range(runs):
        base = generator.random(n) < 0.5
        flips = generator.random(n) < numpy.where(base, chance / 2, chance)
        other = base ^ flips
        found = paired([Pair(float(b), float(a), str(at)) for at, (a, b) in enumerate(zip(base, other, strict=True))])
        yield chance / 4, (found.low, found.high)


def independent(
    generator: numpy.random.Generator, n: int, chance: float, runs: int
) -> Iterator[tuple[float, Interval]]:
    """Our score over n samples against a published one over 500 of the same chance."""
    for ours, theirs in zip(generator.binomial(n, chance, runs), generator.binomial(500, chance, runs), strict=True):
        found = unpaired(published(ours / n, n), published(theirs / 500, 500))
        yield 0.0, (found.low, found.high)


def _record(cluster: str, at: str, score: float, part: str = "") -> Record:
    sample = f"{cluster}/{at}"
    fields: dict[str, Any] = {"prompt_sha256": "", "answer": None, "detail": {}, "finished_at": ""}
    scores = {"acc": score}
    return Record("b", "1", sample, 0, cluster, tags={"part": part}, verdict=Outcome.PASSED, scores=scores, **fields)


PARTS = tuple(Mean(part, score="acc", where={"part": part}) for part in "0123")
WAYS: dict[str, Draw] = {
    "Wilson": singles(wilson),
    "Clopper-Pearson": singles(clopper_pearson),
    "clustered, Wilson at the effective size": clustered,
    "stratified": parts([Mean("acc", strata="part")], (0.25, 0.25, 0.25, 0.25)),
    "macro average of unequal parts": parts(
        [Average("acc", tuple((each.name,) for each in PARTS)), *PARTS], (0.4, 0.3, 0.2, 0.1)
    ),
    "paired, Tango": pairs,
    "unpaired, square and add": independent,
}


if __name__ == "__main__":
    main(sys.argv[1:])
