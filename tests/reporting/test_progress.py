"""What is seen of a run that goes on: bars on a terminal, plain lines elsewhere."""

import io

import pytest
from rich.console import Console
from test_journal import record

from harness.records import Answer, Outcome
from harness.reporting.progress import Count, RunProgress

ANSWER = Answer("text", "stop", 3, 30, 2.0)


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120)


def text(shown: Console) -> str:
    return shown.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock that progress sees."""
    clock = [1000.0]
    monkeypatch.setattr("harness.reporting.progress.time.monotonic", lambda: clock[0])
    return clock


def test_away_from_a_terminal_it_is_a_calm_line_for_all_benchmarks(now: list[float]) -> None:
    shown = console(terminal=False)
    with RunProgress({"mbpp": Count(3, 1, 1), "mmlu": Count(9, 0, 0)}, shown) as progress:
        for _ in range(2):
            now[0] += 3
            progress.answered("mbpp", ANSWER)
        progress.written(record(1))
        assert text(shown) == ""
        now[0] += 20
        progress.written(record(2, Outcome.INFRA_ERROR))
    # The first answer was asked for two seconds before it came, at 1; the second came at 6: 60 tokens in 5 s.
    line = "mbpp answered 3, scored 3/3, 12 tok/s, 1 infra error; mmlu answered 0, scored 0/9"
    first, last = text(shown).splitlines()
    assert (first, last) == (f"{line} (about 2 min left)", f"{line} (about 2 min left)")


def test_it_says_how_long_it_takes_yet_from_what_this_session_did(now: list[float]) -> None:
    shown = console(terminal=False)
    with RunProgress({"mbpp": Count(100, 60, 60)}, shown) as progress:
        now[0] += 60
        for number in range(10):
            progress.written(record(number))
    assert "about 3 min left" in text(shown)


def test_a_run_of_nothing_but_answers_that_were_there_has_no_speed() -> None:
    shown = console(terminal=False)
    with RunProgress({"mbpp": Count(1, 1, 0)}, shown) as progress:
        progress.written(record(1))
    assert text(shown) == "mbpp answered 1, scored 1/1\n"


def test_on_a_terminal_each_benchmark_has_a_bar() -> None:
    shown = console(terminal=True)
    with RunProgress({"mbpp": Count(3, 0, 0), "mmlu": Count(9, 0, 0)}, shown) as progress:
        progress.answered("mbpp", ANSWER)
        progress.written(record(1, Outcome.INFRA_ERROR))
    assert "\x1b" in text(shown)
    assert "answered 1, scored 1/3" in text(shown)
    assert "1 infra error" in text(shown)
    assert "answered 0, scored 0/9" in text(shown)
