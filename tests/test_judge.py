"""Candidate and judge in one run, choices and costs: the real command line, a third party's benchmark, two servers."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Evaluate, third_party
from local_server import Fault, LocalServer, serving

from harness.engines.model import Model
from harness.entries import Endpoint
from harness.plan import JudgeOption, Options, make_plan

CANDIDATE_KEY, JUDGE_KEY = "sk-candidate-secret", "sk-judge-secret"
SAMPLES = 6
THIRD_PARTY = """
from dataclasses import dataclass
from typing import ClassVar
from harness.entries import BenchmarkEntry, DataSet
from harness.errors import UsageError
from harness.records import Chat, Choice, Message, Outcome, Sample, Sampling, Score

@dataclass(frozen=True)
class Row:
    id: str

def scored(good, **detail):
    return Score(Outcome.PASSED if good else Outcome.FAILED, {"acc": float(good)}, detail)

@dataclass(frozen=True)
class Judged:
    name: ClassVar = "judged"
    version: ClassVar = "1"
    metric: ClassVar = "acc"
    max_tokens: ClassVar = 4
    stop: ClassVar = ()

    def load(self, read):
        asked = {row.id: Chat((Message("user", f"question {row.id:5}"),)) for row in read("test", Row)}
        return [Sample(name, prompt, None, name) for name, prompt in asked.items()]

    async def score(self, sample, answer, tools):
        if tools.judge is None:
            raise UsageError("judged needs a judge", "name one with --judge")
        said = await tools.judge(Chat((Message("user", f"grade this: {answer.text}"),)), Sampling(4))
        return scored("good" in said.text, grade=said.text)

@dataclass(frozen=True)
class Letters:
    name: ClassVar = "letters"
    version: ClassVar = "1"
    metric: ClassVar = "acc"
    max_tokens: ClassVar = 4
    stop: ClassVar = ()

    def load(self, read):
        return [Sample(row.id, Choice(f"{row.id}?\\nAnswer:", (" A", " B")), 1, row.id) for row in read("test", Row)]

    async def score(self, sample, answer, tools):
        told = [number for number, value in enumerate(answer.options) if value is not None]
        return scored(bool(told) and max(told, key=lambda number: answer.options[number]) == sample.target)

@dataclass(frozen=True)
class Plain(Judged):
    name: ClassVar = "plain"

    async def score(self, sample, answer, tools):
        return scored(True)

def entry(name, kind):
    return BenchmarkEntry(name, name, "industry", f"third_party:{kind}", DataSet("rows", "MIT", {"test": ""}))

JUDGED, LETTERS, PLAIN = entry("judged", "Judged"), entry("letters", "Letters"), entry("plain", "Plain")
"""
PRICED = """
title: {name}
description: A priced model of this test.
licence: none
endpoint: {{base_url: "{url}", model: org/big, api_key_env: {variable}}}
prices: {{prompt: {price}, answer: {price}, source: this test, as_of: "2026-01-01"}}
"""
Job = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def candidate() -> Iterator[LocalServer]:
    with serving(key=CANDIDATE_KEY, text="the answer") as opened:
        yield opened


@pytest.fixture
def judge() -> Iterator[LocalServer]:
    with serving(key=JUDGE_KEY, text="good") as opened:
        yield opened


@pytest.fixture
def job(evaluate: Evaluate, candidate: LocalServer, judge: LocalServer, tmp_path: Path) -> Job:
    """Runs a benchmark of a third party's package, with configs that know two priced models."""
    site, house = tmp_path / "site", tmp_path / "house"
    third_party(site, THIRD_PARTY, "judged", "letters", "plain")
    house.mkdir()
    for name in ("harness", "benchmarks", "datasets"):
        (house / name).symlink_to(ROOT / name)
    (house / "configs/models").mkdir(parents=True)
    for file in (ROOT / "configs").glob("*.yaml"):
        shutil.copy(file, house / "configs")
    shutil.copytree(ROOT / "configs/prompts", house / "configs/prompts")
    shutil.copy(ROOT / "configs/models/smollm2-135m.yaml", house / "configs/models")
    for name, server, price in (("candidate", candidate, 1e6), ("judge", judge, 2e6)):
        text = PRICED.format(name=name, url=server.url, variable=f"{name.upper()}_KEY", price=price)
        (house / f"configs/models/priced-{name}.yaml").write_text(text)
    (tmp_path / "mirror/rows").mkdir(parents=True)
    rows = "".join(json.dumps({"id": str(number)}) + "\n" for number in range(SAMPLES))
    (tmp_path / "mirror/rows/test.jsonl").write_text(rows)

    def run(
        benchmark: str, *arguments: object, model: str = "org/big", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        options = ["--model", model, "--feature", "code-suggestions", "--benchmark", benchmark, "--data-dir", "mirror"]
        if model == "org/big":
            options += ["--base-url", candidate.url, "--api-key-env", "CANDIDATE_KEY"]
        known = {"CANDIDATE_KEY": CANDIDATE_KEY, "JUDGE_KEY": JUDGE_KEY, "PYTHONPATH": f"{site}:{house}"}
        return evaluate(*options, *arguments, **(known | environment))

    return run


def by_judge(judge: LocalServer) -> tuple[str, ...]:
    return ("--judge", "org/big", "--judge-base-url", judge.url, "--judge-api-key-env", "JUDGE_KEY")


def folder(tmp_path: Path) -> Path:
    return next((tmp_path / "results/runs").glob("*/*/*"))


def records(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder(tmp_path) / "records.jsonl").read_text().splitlines()]


def asked(server: LocalServer) -> list[str]:
    return sorted(body["messages"][-1]["content"] for body in server.bodies)


def errors(shown: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in shown.stderr.splitlines() if line.startswith("error: ")]


def test_each_server_sees_its_own_prompts_alone_and_no_key_is_left_anywhere(
    job: Job, candidate: LocalServer, judge: LocalServer, tmp_path: Path
) -> None:
    shown = job("judged", *by_judge(judge), "--json")
    assert shown.returncode == 0, shown.stderr
    summary = json.loads(shown.stdout)
    assert summary["complete"] is True
    assert summary["rows"][0]["estimate"]["value"] == 1.0
    assert asked(candidate) == [f"question {number:5}" for number in map(str, range(SAMPLES))]
    assert asked(judge) == ["grade this: the answer"] * SAMPLES
    assert {request.key for request in candidate.requests} == {CANDIDATE_KEY}
    assert {request.key for request in judge.requests} == {JUDGE_KEY}
    assert {(row["answer"]["text"], row["detail"]["grade"]) for row in records(tmp_path)} == {("the answer", "good")}
    written = [path.read_text() for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert len(written) == 4
    assert not any(key in text for key in (CANDIDATE_KEY, JUDGE_KEY) for text in (shown.stdout, shown.stderr, *written))


def test_manifest_and_summary_tell_what_each_of_them_used(
    job: Job, candidate: LocalServer, judge: LocalServer, tmp_path: Path
) -> None:
    shown = job("judged", "--judge", "priced-judge", "--json", model="priced-candidate")
    assert shown.returncode == 0, shown.stderr
    usage = json.loads(shown.stdout)["usage"]
    assert (usage["cost_usd"], usage["judge_cost_usd"]) == (10.0 * SAMPLES, 20.0 * SAMPLES)
    (session,) = json.loads((folder(tmp_path) / "manifest.json").read_text())["sessions"]
    assert (session["engine"]["base_url"], session["judge"]["priced-judge"]["base_url"]) == (candidate.url, judge.url)
    for who, price in (("candidate", 10.0), ("judge", 20.0)):
        used = session["usage"][who]
        assert (used["answers"], used["failures"], used["cost_usd"]) == (SAMPLES, 0, price * SAMPLES)
        assert (used["prompt_tokens"], used["answer_tokens"]) == (7 * SAMPLES, 3 * SAMPLES)
    assert (
        "cost 60.0000 USD; judge 120.0000 USD"
        in job("judged", "--judge", "priced-judge", model="priced-candidate").stdout
    )
    assert len(candidate.requests) == len(judge.requests) == SAMPLES, "a finished run asks nobody"


def test_another_judge_is_another_run() -> None:
    def hashed(judge: str = "", url: str = "") -> str:
        judges = (JudgeOption(judge, Endpoint(base_url=url)),) if judge else ()
        options = Options("m", "code-suggestions", benchmarks=("code-generation",), judges=judges)
        return make_plan(options, lambda: Model("m", "folder:m")).settings_hash

    judged = [("", ""), ("a", "http://h/v1"), ("b", "http://h/v1"), ("a", "http://i/v1")]
    assert len({hashed(*each) for each in judged}) == 4
    assert hashed("a", "http://h/v1") == hashed("a", "http://h/v1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--judge", "nobody"), "the judge nobody has no endpoint"),
        (("--judge-base-url", "http://127.0.0.1:9/v1"), "--judge-... options need --judge"),
        (("--judge", "priced-judge", "--judge-api-key-env", "CANDIDATE_KEY"), "refuses the key"),
        (("--judge", "org/bg", "--judge-base-url", "{url}", "--judge-api-key-env", "JUDGE_KEY"), "unknown model of"),
        ((), "judged needs a judge"),
    ],
    ids=["unknown", "no name", "wrong key", "wrong model", "none"],
)
def test_a_judge_that_cannot_be_is_one_clear_line(
    job: Job, judge: LocalServer, arguments: tuple[str, ...], said: str
) -> None:
    shown = job("judged", *(argument.format(url=judge.url) for argument in arguments))
    assert shown.returncode == 2, shown.stderr
    assert len(errors(shown)) == 1
    assert said in errors(shown)[0]
    assert CANDIDATE_KEY not in shown.stderr
    assert not judge.requests


def test_a_judge_whose_context_is_too_short_says_nothing_about_the_candidate(
    job: Job, candidate: LocalServer, judge: LocalServer
) -> None:
    judge.behaviour.faults = [Fault(status=400, message="maximum context length is 9 tokens")]
    shown = job("judged", *by_judge(judge), "--limit", 1, "--json")
    assert shown.returncode == 3, shown.stderr
    row = json.loads(shown.stdout)["rows"][0]
    assert row["verdicts"] == {"infra_error": 1}
    assert row["estimate"] is None
    again = job("judged", *by_judge(judge), "--limit", 1, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["rows"][0]["estimate"]["value"] == 1.0
    assert len(judge.requests) == 2
    assert len(candidate.requests) == 1, "the answer was kept"


def test_choices_without_log_probabilities_are_one_clear_line_unless_letters_are_asked_for(
    job: Job, candidate: LocalServer, tmp_path: Path
) -> None:
    shown = job("letters")
    assert shown.returncode == 2, shown.stderr
    assert len(errors(shown)) == 1
    assert f"{candidate.url} tells no log-probabilities of options" in errors(shown)[0]
    assert "--choices generated" in shown.stderr
    assert "Traceback" not in shown.stderr
    candidate.behaviour.text = "B"
    lettered = job("letters", "--choices", "generated")
    assert lettered.returncode == 0, lettered.stderr
    assert f"letters: {SAMPLES} of {SAMPLES} answers by fallback" in lettered.stdout
    assert "1.000" in lettered.stdout


def test_choices_by_log_probabilities_are_no_fallback(job: Job, candidate: LocalServer) -> None:
    candidate.behaviour.top_logprobs = {" A": -3.0, " B": -0.1}
    shown = job("letters")
    assert shown.returncode == 0, shown.stderr
    assert "1.000" in shown.stdout
    assert "by fallback" not in shown.stdout
    assert {request.path for request in candidate.requests} == {"/v1/completions"}


def test_the_money_limit_stops_the_run_and_a_higher_one_goes_on(
    job: Job, candidate: LocalServer, tmp_path: Path
) -> None:
    # An answer costs 10 dollars and might cost 12: after three of them 5 of the 35 are left.
    limited = ("--concurrency", 1, "--max-cost")
    shown = job("plain", *limited, 35, model="priced-candidate")
    assert shown.returncode == 3, shown.stderr
    assert errors(shown) == ["error: 30.0000 of 35 USD are spent; the next answer may cost 12.0000"]
    assert "raise --max-cost" in shown.stderr
    assert len(candidate.requests) == len(records(tmp_path)) == 3
    summary = json.loads((folder(tmp_path) / "summary.json").read_text())
    assert (summary["complete"], summary["usage"]["cost_usd"]) == (False, 30.0)
    more = job("plain", *limited, 1000, "--json", model="priced-candidate")
    assert more.returncode == 0, more.stderr
    assert len(candidate.requests) == len(records(tmp_path)) == SAMPLES
    assert json.loads(more.stdout)["usage"]["cost_usd"] == 10.0 * SAMPLES


def test_a_dry_run_tells_the_most_it_may_cost_and_asks_nobody(job: Job, candidate: LocalServer) -> None:
    shown = job("plain", "--dry-run", "--json", model="priced-candidate")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["jobs"][0]["most_cost_usd"] == 12.0 * SAMPLES
    assert not candidate.requests


def test_an_engine_that_goes_down_stops_the_run_and_keeps_what_was_answered(
    job: Job, candidate: LocalServer, tmp_path: Path
) -> None:
    rows = "".join(json.dumps({"id": str(number)}) + "\n" for number in range(40))
    (tmp_path / "mirror/rows/test.jsonl").write_text(rows)
    candidate.behaviour.faults = [Fault(status=400, message="out of order")] * 999
    shown = job("plain")
    assert shown.returncode == 3, shown.stderr
    assert len(errors(shown)) == 1
    assert "questions all failed: the server refuses the request" in errors(shown)[0]
    assert len(candidate.requests) < 999
    candidate.behaviour.faults = []
    again = job("plain", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["rows"][0]["estimate"]["n"] == 40
