"""Texts about changes: what their form is held against, and how a reply is read."""

import asyncio

import pytest
from conftest import needs_similarity

from benchmarks import commit_message, merge_request_summary
from benchmarks.change_text import ACC, AREAS, FORMAT, TRUE_NAMES, Row
from benchmarks.commit_message import CommitMessage
from harness.benchmark import Tools
from harness.records import Answer, Chat, Message, Outcome, Sample, Score
from harness.sandbox.pool import Sandbox
from harness.scoring.likeness import CHRF, ROUGE_L

MESSAGE = """Retry uploads that time out

`send_all` gives each upload three tries now, since one slow answer
lost the whole batch."""
SUMMARY = """Uploads survive a slow server now.

- `send_all` tries each upload three times.
- What still fails is told at the end,
  with its name.
"""
DIFF = """--- a/upload.py
+++ b/upload.py
@@ -1 +1,2 @@
-def send_all(files):
+TRIES = 3
+def send_all(files, tries=TRIES):
"""


def row(**changes: object) -> Row:
    areas = [["retry", "tries"], ["upload", "uploads"]]
    known = {"id": "x", "language": "python", "difficulty": "easy", "topics": [], "history": [], "diff": DIFF}
    return Row(**known | {"areas": areas, "reference": MESSAGE, "wrong": ["", ""]} | changes)  # type: ignore[arg-type]


def scored(text: str, benchmark: CommitMessage | None = None) -> Score:
    sample = Sample("x", Chat((Message("user", "write it"),)), row(), "x")
    tools = Tools(Sandbox.run_async)  # type: ignore[arg-type]  # never called: nothing is run
    return asyncio.run((benchmark or CommitMessage()).score(sample, Answer(text, "stop", 1, 1, 0.1), tools))


def test_a_good_message_has_no_fault() -> None:
    assert commit_message.faults(MESSAGE) == []
    assert commit_message.faults("Proceed without a token\n\n- One thing.\n- Another.") == []
    assert commit_message.faults("Process words in order\n\nThey came in any order.") == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("Retry uploads that time out", "R" * 60 + " uploads that time out"), "more than 72 characters"),
        (("Retry uploads that time out", "Retry uploads"), "fewer than 3 words"),
        (("Retry", "retry"), "capital letter"),
        (("time out\n", "time out.\n"), "full stop"),
        (("Retry", "Retried"), "imperative"),
        (("Retry", "Retries"), "imperative"),
        (("Retry", "Retrying"), "imperative"),
        (("out\n\n", "out\n"), "no blank line"),
        (("three tries now,\nsince", "three tries now, since"), ""),
        (("lost the whole batch", "lost the whole batch" + " of them" * 8), "a line of the body"),
        (("lost", "```\nlost"), "fenced"),
    ],
)
def test_each_fault_of_a_message_is_named(change: tuple[str, str], fault: str) -> None:
    found = commit_message.faults(MESSAGE.replace(*change))
    assert [fault in each for each in found] == ([True] if fault else [])


def test_a_subject_alone_has_no_body() -> None:
    assert commit_message.faults("Retry uploads that time out") == ["no body"]


def test_a_good_summary_has_no_fault() -> None:
    assert merge_request_summary.faults(SUMMARY) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- One.\n- Two.", "begin with a paragraph"),
        ("It is so.\n\n- One.", "2 to 8 bullets"),
        ("It is so.\n" + "- One.\n" * 9, "2 to 8 bullets"),
        (f"{SUMMARY}\nAnd that is that.", "follows the list"),
        (SUMMARY.replace("now.", "now" + " and on" * 80 + "."), "150 words"),
        (f"## Summary\n{SUMMARY}", "headings"),
        (f"**Summary**\n\n{SUMMARY}", "headings"),
    ],
)
def test_each_fault_of_a_summary_is_named(text: str, fault: str) -> None:
    [found] = merge_request_summary.faults(text)
    assert fault in found


def test_form_areas_and_names_are_each_told_beside_the_whole() -> None:
    right = scored(MESSAGE)
    assert right.outcome is Outcome.PASSED
    assert right.scores == {ACC: 1.0, FORMAT: 1.0, AREAS: 1.0, TRUE_NAMES: 1.0}
    wrong = scored("Retries for `send_later`\n\nThey are new.")
    assert wrong.scores == {ACC: 0.0, FORMAT: 0.0, AREAS: 0.0, TRUE_NAMES: 0.0}
    assert wrong.detail["invented"] == ["send_later"]
    assert wrong.detail["missed"] == ["retry", "upload"]
    assert scored(MESSAGE.replace("`send_all`", "`send_each`")).scores[TRUE_NAMES] == 0.0
    assert scored(MESSAGE.replace("send_all", "upload.py")).scores[TRUE_NAMES] == 1.0


def test_a_message_may_stand_in_one_fence_and_names_from_the_conversation_are_known() -> None:
    assert scored(f"Here it is:\n\n```text\n{MESSAGE}\n```\n").scores[ACC] == 1.0
    assert scored("").outcome is Outcome.NO_ANSWER


@needs_similarity
def test_likeness_to_the_reference_is_a_setting() -> None:
    benchmark = CommitMessage(likeness=True)
    assert [metric.name for metric in benchmark.metrics][-2:] == [CHRF, ROUGE_L]
    assert scored(MESSAGE, benchmark).scores[CHRF] == pytest.approx(1.0)
    assert scored("Rename a column", benchmark).scores[ROUGE_L] < 0.5
    assert CHRF not in scored(MESSAGE).scores
