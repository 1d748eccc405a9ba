"""Judges beside a run and over several runs: the real command line, a real server that grades as a test wants it."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Evaluate
from local_server import LocalServer, serving

from harness.scoring.calibration import rows

MESSAGE = "Add a time limit to every request\n\nWithout one a caller waits for ever."
Body = dict[str, Any]
Run = Callable[..., subprocess.CompletedProcess[str]]


def graded(correctness: int = 4, completeness: int = 3, readability: int = 3, **more: Any) -> str:
    grades = {"correctness": correctness, "completeness": completeness, "readability": readability}
    return json.dumps({"reason": "so it is", **grades, **more})


def knowing(body: Body) -> str:
    """A judge that knows every grade: the answer is the last block of what it is shown."""
    text = body["messages"][1]["content"]
    known = [row for row in rows() if text.rstrip("`").endswith(f"\n{row.answer.rstrip()}\n") and row.question in text]
    return graded(**known[0].grades) if known else graded()


@pytest.fixture
def judge() -> Iterator[LocalServer]:
    with serving(reply=knowing, models=("org/judge", "org/other", "org/big")) as opened:
        yield opened


@pytest.fixture
def candidate() -> Iterator[LocalServer]:
    """Always writes the same message."""
    with serving(text=MESSAGE) as opened:
        yield opened


@pytest.fixture
def run(evaluate: Evaluate, candidate: LocalServer, judge: LocalServer) -> Run:
    """Three commit messages of the candidate."""

    def asked(*arguments: object, judges: tuple[str, ...] = ("org/judge",), model: str = "org/big") -> Any:
        options: list[object] = ["--model", model, "--feature", "chat", "--use-case", "commit-message"]
        options += ["--base-url", candidate.url, "--api-key-env", "KEY", "--limit", 3, "--out", "runs"]
        options += [part for name in judges for part in ("--judge", name)]
        options += ["--judge-base-url", judge.url, "--judge-api-key-env", "KEY"] if judges else []
        return evaluate(*options, *arguments, KEY=judge.behaviour.key)

    return asked


def judged(summary: Any) -> dict[str, Any]:
    return {row["metric"]: row for row in summary["rows"] if row["metric"].startswith("judged")}


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in folder.rglob("records.jsonl") for line in path.read_text().splitlines()]


def test_grades_stand_beside_the_score_once_the_judge_has_graded_what_is_known(
    run: Run, judge: LocalServer, tmp_path: Path
) -> None:
    shown = run("--json")
    assert shown.returncode == 0, shown.stderr
    summary = json.loads(shown.stdout)
    told = judged(summary)
    assert {name: row["estimate"]["value"] for name, row in told.items()} == {
        "judged good": 1.0,
        "judged correctness": 4.0,
        "judged completeness": 3.0,
        "judged readability": 3.0,
    }
    assert summary["rows"][0]["metric"] == "acc"
    [calibration] = summary["calibrations"]
    assert set(calibration["agreement"].values()) == {1.0}
    assert (calibration["judge"], calibration["failed"], calibration["itself"]) == ("org--judge", 0, False)
    assert calibration["answers"] == len(rows()) >= 60
    assert all(body["temperature"] == 0 for body in judge.bodies)
    assert len(judge.requests) == len(rows()) + 3
    for record in records(tmp_path):
        assert record["detail"]["judged"]["org--judge"]["reason"] == "so it is"
    table = run()
    assert "judged good " in table.stdout
    assert "not trusted" not in table.stdout
    assert len(judge.requests) == len(rows()) + 3, "a finished run asks nobody"


def test_a_judge_who_finds_everything_good_is_not_trusted(run: Run, judge: LocalServer) -> None:
    judge.behaviour.reply = lambda body: graded(4, 4, 4)
    shown = run()
    assert shown.returncode == 0, shown.stderr
    assert "judged good (not trusted)" in " ".join(shown.stdout.split())
    assert "agreement with" in shown.stdout
    assert "known grades as judge org--judge told them" in shown.stdout


@pytest.mark.parametrize(
    "reply", ["", "I like it.", graded(5), graded(0), '{"correctness": 3.5}', graded(True), "[4, 4, 4]"]
)
def test_a_reply_outside_the_scale_is_asked_for_once_more_and_leaves_the_score_alone(
    run: Run, candidate: LocalServer, judge: LocalServer, tmp_path: Path, reply: str
) -> None:
    run("--limit", 1)  # calibrated by a judge who knows
    before = len(judge.requests)
    judge.behaviour.reply = lambda body: reply
    for path in tmp_path.rglob("records.jsonl"):
        path.write_text("")
    shown = run("--limit", 1, "--json")
    assert shown.returncode == 3, shown.stderr
    summary = json.loads(shown.stdout)
    assert summary["rows"][0]["estimate"]["n"] == 1
    assert "infra_error" not in summary["rows"][0]["verdicts"]
    assert all(row["estimate"] is None for row in judged(summary).values())
    assert all(row["verdicts"] == {"infra_error": 1} for row in judged(summary).values())
    first, second = judge.bodies[before:]
    assert second["messages"][: len(first["messages"])] == first["messages"]
    assert "JSON object alone" in second["messages"][-1]["content"]
    asked = len(candidate.requests)
    judge.behaviour.reply = knowing
    again = run("--limit", 1, "--json")
    assert again.returncode == 0, again.stderr
    assert judged(json.loads(again.stdout))["judged good"]["estimate"]["value"] == 1.0
    assert len(candidate.requests) == asked, "the answer was kept"


def test_a_judge_that_grades_its_own_answers_is_told(run: Run) -> None:
    shown = run(judges=("org/big",))
    assert shown.returncode == 0, shown.stderr
    assert "org--big grades its own answers" in shown.stderr
    assert "it graded its own answers" in shown.stdout


def test_several_judges_are_averaged_and_each_is_calibrated(run: Run, judge: LocalServer) -> None:
    def two(body: Body) -> str:
        known = json.loads(knowing(body))
        harsh = body["model"] == "org/other" and known["correctness"] == 4 and known["completeness"] == 3
        return graded(1, 1, 1) if harsh else json.dumps(known)

    judge.behaviour.reply = two
    shown = run("--json", judges=("org/judge", "org/other"))
    assert shown.returncode == 0, shown.stderr
    summary = json.loads(shown.stdout)
    assert judged(summary)["judged good"]["estimate"]["value"] == 0.5
    assert judged(summary)["judged correctness"]["estimate"]["value"] == 2.5
    first, second = summary["calibrations"]
    assert first["agreement"]["correctness"] == 1.0 > second["agreement"]["correctness"]


def test_a_judge_named_twice_is_one_clear_line(run: Run) -> None:
    shown = run(judges=("org/judge", "org/judge"))
    assert shown.returncode == 2
    assert "a judge is named twice" in shown.stderr


def test_without_a_judge_there_are_no_judged_columns(run: Run) -> None:
    shown = run("--json", judges=())
    assert shown.returncode == 0, shown.stderr
    summary = json.loads(shown.stdout)
    assert judged(summary) == {}
    assert summary["calibrations"] == []


# -- several runs -----------------------------------------------------------------------------------------------------


@pytest.fixture
def two_runs(run: Run, candidate: LocalServer, tmp_path: Path) -> tuple[Path, Path]:
    """A run of the usual message, and one of another model with another message and a sample less."""
    assert run(judges=()).returncode == 0
    candidate.behaviour.text = "Change some things\n\nThey are better now."
    candidate.behaviour.models = ("org/small",)
    assert run(judges=(), model="org/small").returncode == 0
    one, other = (next((tmp_path / "runs" / name / "chat").iterdir()) for name in ("org--big", "org--small"))
    lines = (other / "records.jsonl").read_text().splitlines(keepends=True)
    (other / "records.jsonl").write_text("".join(lines[1:]))
    return one, other


@pytest.fixture
def together(evaluate: Evaluate, judge: LocalServer, two_runs: tuple[Path, Path]) -> Run:
    def asked(*arguments: object) -> subprocess.CompletedProcess[str]:
        server = ("--judge", "org/judge", "--judge-base-url", judge.url, "--judge-api-key-env", "KEY")
        return evaluate("judge", *two_runs, *server, "--out", "judged", *arguments, KEY=judge.behaviour.key)

    return asked


def consensus(body: Body) -> str:
    """Finds the usual message better than others, wherever it stands."""
    text = body["messages"][1]["content"]
    if "Answer 1:" not in text:
        return knowing(body)
    first = text.index(MESSAGE) < text.index("Answer 2:")
    good, bad = ({"correctness": value, "completeness": value, "readability": 3} for value in (4, 1))
    return json.dumps({"1": good if first else bad, "2": bad if first else good})


def test_answers_are_graded_with_each_other_in_view_and_lone_ones_are_told(
    together: Run, judge: LocalServer, tmp_path: Path
) -> None:
    judge.behaviour.reply = consensus
    shown = together("--json")
    assert shown.returncode == 0, shown.stderr
    said = json.loads(shown.stdout)
    assert said["questions"] == 2
    assert {run: found["good"]["value"] for run, found in said["runs"].items()} == {"org--big": 1.0, "org--small": 0.0}
    assert said["runs"]["org--small"]["grades"] == {"correctness": 1.0, "completeness": 1.0, "readability": 3.0}
    assert said["unpaired"] == {"commit-message": {"org--big": 1, "org--small": 0}}
    asked = len(judge.requests)
    again = together()
    assert len(judge.requests) == asked, "what was said is kept"
    assert "answers without a counterpart, left out: 1 of org--big" in again.stdout
    assert (tmp_path / "judged/opinions.jsonl").read_text().count("\n") == 2


def test_a_win_counts_only_where_it_is_one_in_both_orders(together: Run, judge: LocalServer, tmp_path: Path) -> None:
    def partial_to_the_first(body: Body) -> str:
        return '{"better": "first"}' if "The first answer:" in body["messages"][1]["content"] else knowing(body)

    judge.behaviour.reply = partial_to_the_first
    shown = together("--pairwise", "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["better"] == {"swayed": 2}
    judge.behaviour.reply = consensus
    assert json.loads(together("--json").stdout)["runs"]["org--big"]["good"]["value"] == 1.0, "another question"
    (tmp_path / "judged/opinions.jsonl").unlink()

    def fair(body: Body) -> str:
        text = body["messages"][1]["content"]
        if "The first answer:" not in text:
            return knowing(body)
        return json.dumps({"better": "first" if text.index(MESSAGE) < text.index("The second answer:") else "second"})

    judge.behaviour.reply = fair
    assert json.loads(together("--pairwise", "--json").stdout)["better"] == {"first": 2}
    assert "the first" in together("--pairwise").stdout


def test_what_a_judge_failed_on_is_asked_again(together: Run, judge: LocalServer) -> None:
    judge.behaviour.reply = lambda body: "no" if "Answer 1:" in body["messages"][1]["content"] else knowing(body)
    shown = together()
    assert shown.returncode == 3, shown.stderr
    assert "2 questions had no judgement" in shown.stdout
    judge.behaviour.reply = consensus
    assert together().returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("{one}",), "one run has nothing to be seen together with"),
        (("{one}", "nowhere"), "nowhere is no run's folder"),
        (("{one}", "{two}", "--judge", ""), "has no endpoint"),
        (("{one}", "{two}", "{one}", "--pairwise"), "3 runs are no pair"),
    ],
)
def test_what_cannot_be_judged_is_one_clear_line(
    evaluate: Evaluate, judge: LocalServer, two_runs: tuple[Path, Path], arguments: tuple[str, ...], said: str
) -> None:
    named = [argument.format(one=two_runs[0], two=two_runs[1]) for argument in arguments]
    server = () if "--judge" in named else ("--judge", "org/judge", "--judge-base-url", judge.url)
    shown = evaluate("judge", *named, *server, "--out", "judged")
    assert shown.returncode == 2, shown.stderr
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr
