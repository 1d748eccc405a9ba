"""Metrics over records against reference implementations: values, errors, and what counts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import sqrt
from statistics import variance

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from test_journal import record

from harness.metrics import F1, Average, Mean, Metric, Statistic, chosen, estimates, groups, with_pass_at_k
from harness.records import Outcome, Record
from harness.results import Estimate
from harness.statistics import Contribution, squared_error, wilson, with_error

LABELS = ("entailment", "contradiction", "neutral")


def scored(number: int, acc: float, cluster: str = "", attempt: int = 0, **tags: str) -> Record:
    return replace(
        record(number), scores={"acc": acc}, cluster=cluster or str(number), attempt=attempt, tags=tags, detail={}
    )


def labelled(number: int, own: str, given: str, cluster: str = "") -> Record:
    detail = {"label": given} if given else {}
    return replace(scored(number, float(own == given), cluster, label=own), detail=detail)


def one(metric: Metric, records: Sequence[Record]) -> Estimate:
    ((_, found),) = estimates([metric], records)
    assert found is not None
    return found


def error_of(found: Estimate) -> float:
    """The standard error that an interval was made of: Wilson's half width solved for the sample size."""
    low, high = 1e-6, 1e9
    for _ in range(200):
        middle = sqrt(low * high)
        width = np.subtract(*reversed(wilson(found.value * middle, middle)))
        low, high = (middle, high) if width > found.high - found.low else (low, middle)
    return sqrt(found.value * (1 - found.value) / low)


def test_a_mean_length_has_an_interval_of_its_own_size() -> None:
    rows = [replace(scored(number, 0.0), scores={"length": length}) for number, length in enumerate([10.0, 20.0, 60.0])]
    found = one(Mean("length", bounded=False), rows)
    half = 1.959963984540054 * sqrt(variance([10, 20, 60]) / 3)
    assert (found.value, found.low, found.high) == pytest.approx((30, 30 - half, 30 + half))
    assert (found.n, found.method) == (3, "normal")
    assert estimates([Mean("length", bounded=False)], rows[:1]) == [("length", None)], "one tells no error"


clusters = st.lists(st.tuples(st.integers(0, 6), st.sampled_from([0.0, 1.0])), min_size=8, max_size=60)


@given(clusters)
def test_the_clustered_error_is_that_of_statsmodels(rows: list[tuple[int, float]]) -> None:
    names, values = np.array([name for name, _ in rows]), np.array([value for _, value in rows])
    if len(set(names)) < 2:
        return
    mean = values.mean()
    ours = squared_error(
        Contribution("", str(name), (value - mean) / len(rows)) for name, value in zip(names, values, strict=True)
    )
    theirs = sm.OLS(values, np.ones(len(rows))).fit(cov_type="cluster", cov_kwds={"groups": names}).bse[0]
    assert ours is not None
    assert sqrt(ours) == pytest.approx(theirs, abs=1e-12)


def test_samples_that_share_a_cluster_widen_the_interval_and_others_do_not() -> None:
    apart = [scored(number, float(number % 3 == 0)) for number in range(60)]
    alike = [replace(scored(number, float(number < 20)), cluster=f"passage {number // 5}") for number in range(60)]
    by_itself, together = one(Mean("acc"), apart), one(Mean("acc"), alike)
    assert (by_itself.method, together.method) == ("wilson", "wilson-clustered")
    assert by_itself.value == together.value
    assert (by_itself.low, by_itself.high) == wilson(20, 60)
    assert together.high - together.low == pytest.approx(np.subtract(*reversed(wilson(12 / 3, 12))), rel=0.1), (
        "five samples that always agree are one"
    )


def test_clusters_that_cancel_out_do_not_feign_certainty() -> None:
    found = one(Mean("acc"), [scored(number, float(number % 2), f"passage {number // 2}") for number in range(20)])
    assert (found.low, found.high) == wilson(5, 10)


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=12), min_size=2, max_size=6))
def test_the_stratified_error_is_the_textbook_one(strata: list[list[float]]) -> None:
    """Sum of W_h² s_h² / n_h, W_h = n_h / n (Cochran 1977, 5.6)."""
    n = sum(map(len, strata))
    mean = sum(map(sum, strata)) / n
    ours = squared_error(
        Contribution(str(name), f"{name}/{number}", (value - mean) / n)
        for name, values in enumerate(strata)
        for number, value in enumerate(values)
    )
    textbook = sum((len(values) / n) ** 2 * variance(values) / len(values) for values in strata)
    assert ours == pytest.approx(textbook, abs=1e-15)


def test_strata_of_different_difficulty_narrow_the_interval() -> None:
    rows = [scored(number, float(number % 2 == 0 if number < 50 else number % 10 == 0)) for number in range(100)]
    rows = [replace(row, tags={"subject": str(number // 50)}) for number, row in enumerate(rows)]
    plain, stratified = one(Mean("acc"), rows), one(Mean("acc", strata="subject"), rows)
    assert stratified.method == "wilson-stratified"
    assert stratified.value == plain.value
    assert stratified.high - stratified.low < plain.high - plain.low


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (1, 4), (1, 1, 4), (4, 4)], ids=str)
def test_strata_of_one_sample_are_taken_together(sizes: tuple[int, ...]) -> None:
    contributions = [
        Contribution(str(stratum), f"{stratum}/{number}", (-1) ** number * (stratum + 1))
        for stratum, size in enumerate(sizes)
        for number in range(size)
    ]
    found = squared_error(contributions)
    assert found is not None
    assert found > 0


def test_one_cluster_says_as_much_as_one_sample() -> None:
    assert squared_error([Contribution("", "a", 0.1), Contribution("", "a", -0.1)]) is None
    found = with_error(0.5, [Contribution("", "a", 0.1), Contribution("", "a", -0.1)], 2, "clustered")
    assert (found.low, found.high) == wilson(0.5, 1)


pairs = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=40)


@given(pairs)
def test_f1_is_that_of_scikit_learn(rows: list[tuple[str, str]]) -> None:
    records = [labelled(number, own, given) for number, (own, given) in enumerate(rows)]
    own, given_ = zip(*rows, strict=True)
    macro = f1_score(own, given_, labels=LABELS, average="macro", zero_division=0)
    assert one(F1("f1", LABELS), records).value == pytest.approx(macro)
    single = f1_score([each == LABELS[0] for each in own], [each == LABELS[0] for each in given_], zero_division=0)
    assert one(F1("f1", LABELS[:1]), records).value == pytest.approx(single)


def jackknife(statistic: Callable[[Sequence[Record]], float], records: Sequence[Record]) -> float:
    """The standard error by leaving out each cluster in turn (Efron and Tibshirani 1993, eq. 11.5)."""
    names = sorted({row.cluster for row in records})
    left = [statistic([row for row in records if row.cluster != name]) for name in names]
    return sqrt((len(names) - 1) / len(names) * sum((value - np.mean(left)) ** 2 for value in left))


@pytest.mark.parametrize("labels", [LABELS, LABELS[:1]], ids=["macro", "one label"])
@pytest.mark.parametrize("size", [1, 4], ids=["by sample", "by passage"])
def test_the_linearised_error_of_f1_agrees_with_the_jackknife(labels: tuple[str, ...], size: int) -> None:
    random = np.random.default_rng(5)
    records = []
    for number in range(400):
        own = LABELS[random.choice(3, p=[0.5, 0.3, 0.2])]
        given_ = own if random.random() < 0.6 else LABELS[random.choice(3)]
        records.append(labelled(number, own, given_, f"passage {number // size}"))
    metric = F1("f1", labels)
    expected = jackknife(lambda rows: one(metric, rows).value, records)
    assert error_of(one(metric, records)) == pytest.approx(expected, rel=0.05)


def test_an_answer_without_a_label_misses_its_own_and_claims_none() -> None:
    records = [labelled(0, "yes", "yes"), labelled(1, "yes", ""), labelled(2, "no", "no")]
    assert one(F1("f1", ("yes",)), records).value == pytest.approx(2 / 3)


def test_attempts_weigh_as_one_sample_in_f1() -> None:
    once = [labelled(0, "yes", "yes"), labelled(1, "no", "yes")]
    twice = [*once, *(replace(row, attempt=1) for row in once)]
    ours, theirs = one(F1("f1", ("yes",)), once), one(F1("f1", ("yes",)), twice)
    assert (ours.value, ours.n) == (theirs.value, theirs.n)
    assert error_of(ours) == pytest.approx(error_of(theirs))


UNIT = Mean("em", score="acc", unit="question", unit_size="answers")


def answers(question: str, *scores: float, size: int = 0, attempt: int = 0) -> list[Record]:
    return [
        replace(
            scored(number, value, "passage", attempt, question=question, answers=str(size or len(scores))),
            sample=f"{question}/{number}",
        )
        for number, value in enumerate(scores)
    ]


def test_a_unit_is_right_when_all_of_it_is() -> None:
    found = one(UNIT, [*answers("1", 1, 1, 1), *answers("2", 1, 0), *answers("3", 1)])
    assert (found.value, found.n) == (pytest.approx(2 / 3), 3)


def test_a_unit_that_is_not_whole_does_not_count() -> None:
    broken = answers("2", 1, 1)
    broken[0] = replace(broken[0], verdict=Outcome.INFRA_ERROR, scores={})
    found = one(UNIT, [*answers("1", 0, 1), *broken, *answers("3", 1, 1, size=5)])
    assert (found.value, found.n) == (0.0, 1)


def test_attempts_at_a_unit_are_averaged() -> None:
    found = one(UNIT, [*answers("1", 1, 1), *answers("1", 1, 0, attempt=1)])
    assert (found.value, found.n) == (0.5, 1)


TASKS = (
    Mean("a acc", score="acc", where={"task": "a"}),
    Mean("b acc", score="acc", where={"task": "b"}),
    F1("b f1", ("yes",), {"task": "b"}),
)
AVERAGE = Average("average", (("a acc",), ("b acc", "b f1")))


def task_rows(random: np.random.Generator, task: str, count: int) -> list[Record]:
    rows = []
    for number in range(count):
        own = "yes" if random.random() < 0.6 else "no"
        row = labelled(number, own, own if random.random() < 0.7 else "yes", f"{task}/{number}")
        rows.append(replace(row, sample=f"{task}/{number}", tags={**row.tags, "task": task}))
    return rows


def test_an_average_is_of_parts_each_the_mean_of_its_metrics() -> None:
    random = np.random.default_rng(1)
    records = [*task_rows(random, "a", 300), *task_rows(random, "b", 100)]
    (name, average), (_, a), (_, b), (_, f1) = estimates([AVERAGE, *TASKS], records)
    assert average
    assert a
    assert b
    assert f1
    assert (name, average.n) == ("average", 400)
    assert average.value == pytest.approx((a.value + (b.value + f1.value) / 2) / 2)

    def statistic(rows: Sequence[Record]) -> float:
        found = estimates([AVERAGE, *TASKS], rows)[0][1]
        assert found
        return found.value

    assert error_of(average) == pytest.approx(jackknife(statistic, records), rel=0.05)


def test_an_average_without_a_part_is_called_partial() -> None:
    rows = task_rows(np.random.default_rng(1), "a", 20)
    (name, average), (_, a), (_, b), _ = estimates([AVERAGE, *TASKS], rows)
    assert name == "average (partial: 1 of 2)"
    assert average
    assert a
    assert average.value == pytest.approx(a.value)
    assert b is None
    assert estimates([AVERAGE, *TASKS], [])[0] == ("average (partial: 0 of 2)", None)


def test_only_chosen_samples_are_part_of_a_metric() -> None:
    assert chosen(TASKS[0], {"task": "a", "label": "yes"})
    assert not chosen(TASKS[0], {"task": "b"})
    assert not chosen(TASKS[0], {})
    assert chosen(AVERAGE, {})


def test_groups_are_made_of_the_tags_that_a_metric_names() -> None:
    rows = [scored(number, number % 2, subject=str(number % 2), topic="x") for number in range(6)]
    expected = {"0": one(Mean("acc"), rows[::2]), "1": one(Mean("acc"), rows[1::2])}
    assert groups(Mean("acc", by=("subject",)), rows) == {"subject": expected}
    assert set(groups(Mean("acc"), rows)) == {"subject", "topic"}
    assert groups(Mean("acc", by=()), rows) == {}


def test_pass_at_k_is_the_mean_of_the_unbiased_estimates() -> None:
    metrics = with_pass_at_k((Mean("pass@1"), Mean("acc")), 10)
    assert [metric.name for metric in metrics] == ["pass@1", "pass@5", "pass@10", "acc"]
    rows = [
        replace(scored(number, 0.0, attempt=attempt), scores={"pass@1": float(attempt < passed)})
        for number, passed in enumerate((0, 1, 5, 10))
        for attempt in range(10)
    ]
    found = {name: estimate.value for name, estimate in estimates(metrics[:3], rows) if estimate}
    # 1 - C(10 - passed, k) / C(10, k), by hand
    expected = {"pass@1": 0.4, "pass@5": (0 + 0.5 + (1 - 1 / 252) + 1) / 4, "pass@10": 0.75}
    assert found == pytest.approx(expected)


def test_pass_at_k_leaves_out_samples_with_fewer_attempts() -> None:
    rows = [replace(scored(number, 0.0, attempt=n), scores={"p": 1.0}) for number in (0, 1) for n in range(5 - number)]
    assert one(Mean("pass@5", score="p", k=5), rows).n == 1
    assert estimates([Mean("pass@5", score="p", k=5)], rows[5:]) == [("pass@5", None)]


def valued(number: int, value: object) -> Record:
    return replace(scored(number, 0.0), scores={}, detail={"values": {"x": value}})


def scaled(values: list[float], by: str = "1") -> float:
    return float(by) * sum(values) / len(values)


def test_a_statistic_is_what_its_function_makes_of_all_values() -> None:
    metric = Statistic("x", value="x", function=f"{__name__}:scaled", arguments={"by": "10"})
    rows = [valued(number, float(number)) for number in range(5)]
    found = one(metric, [*rows, replace(scored(9, 1.0), detail={})])
    assert (found.value, found.n, found.method) == (20.0, 5, "normal-jackknife")
    assert found.high - found.value == pytest.approx(1.959963984540054 * 10 * sqrt(variance(range(5)) / 5))
    assert chosen(metric, {}), "all samples are part of it"
    assert groups(metric, rows) == {}


def test_a_statistic_over_several_attempts_counts_samples() -> None:
    metric = Statistic("x", value="x", function=f"{__name__}:scaled")
    rows = [replace(valued(number, float(number)), attempt=attempt) for number in range(4) for attempt in range(3)]
    assert one(metric, rows).n == 4


def test_a_sparse_mean_is_over_what_has_the_score_or_no_answer() -> None:
    rows = [scored(0, 1.0), replace(scored(1, 0.0), scores={}), scored(2, 1.0)]
    rows.append(replace(scored(3, 0.0), scores={}, verdict=Outcome.NO_ANSWER))
    assert one(Mean("acc", sparse=True), rows).value == pytest.approx(2 / 3)
    assert one(Mean("acc", sparse=True, bounded=False), rows).value == 1.0
    assert one(Mean("acc"), rows).value == pytest.approx(2 / 4)


def test_a_mean_of_scores_beyond_0_and_1_has_a_plain_interval() -> None:
    found = one(Mean("acc"), [scored(0, -2.0), scored(1, 4.0)])
    assert (found.value, found.method) == (1.0, "normal")
    assert found.low < -2
    assert estimates([Mean("acc")], [scored(0, -2.0)]) == [("acc", None)]
