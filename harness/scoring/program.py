"""Scores of answers that are programs: run them, and say what a reader of the record wants to know."""

from dataclasses import asdict

from harness.benchmark import RunProgram
from harness.prompts.extract import extract_code
from harness.records import Answer, Outcome, Score
from harness.sandbox.program import Program

SHOWN = 2_000
"""Characters of a program's output that go into its record."""


def program_of(answer: Answer, language: str, continued: str = "") -> str:
    """The program that an answer gives, "" if it gives none; ``continued`` is what a continuation follows on."""
    if answer.form == "program":
        return answer.text
    if answer.form == "continuation":
        return continued + answer.text if answer.text.strip() else ""
    return extract_code(answer.text, language)


def no_code(*metrics: str) -> Score:
    """The score of an answer in which no code was found: 0, and counted apart."""
    return Score(Outcome.NO_ANSWER, dict.fromkeys(metrics, 0.0), {"reason": "no code in the answer"})


async def score_program(metric: str, program: Program, run: RunProgram) -> Score:
    """Runs ``program``; 1 when it passed, 0 when it did not, nothing when the sandbox itself failed."""
    verdict = await run(program)
    detail = {key: value for key, value in asdict(verdict).items() if key != "outcome" and value}
    detail |= {"output": verdict.output[:SHOWN]} if verdict.output else {}
    if verdict.outcome is Outcome.INFRA_ERROR:
        return Score(verdict.outcome, {}, {"reason": verdict.message})
    return Score(verdict.outcome, {metric: float(verdict.outcome is Outcome.PASSED)}, detail)
