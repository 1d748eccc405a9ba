"""Scores of answers that are programs: run them, and say what a reader of the record wants to know."""

from dataclasses import asdict

from harness.benchmark import RunProgram
from harness.prompts import syntax
from harness.prompts.extract import extract_code
from harness.prompts.syntax import trimmed
from harness.records import Answer, Outcome, Score
from harness.sandbox.program import Program

SHOWN = 2_000
"""Characters of a program's output that go into its record."""


def program_of(answer: Answer, language: str, continued: str = "") -> str:
    """The program that an answer gives, "" if it gives none; ``continued`` is what a continuation follows on.

    A base model that has solved the task may go on until its limit: see :func:`_without_overrun`.
    """
    if answer.form == "program":
        return answer.text
    if answer.form == "continuation":
        code = continued + answer.text if answer.text.strip() else ""
        return _without_overrun(code, language) if answer.finish_reason == "length" else code
    return extract_code(answer.text, language)


def _without_overrun(code: str, language: str) -> str:
    """``code`` up to where its limit tore it, or to the second definition of a name; as it is where nothing is left.

    EvalPlus and BigCodeBench sanitize likewise: of the lines that parse the first definition of each name.
    """
    lines = syntax.parsing_lines(code.split("\n"), language)
    seen: set[str] = set()
    for each in syntax.definitions("\n".join(lines), language):
        if not each.scope and each.name in seen:
            del lines[each.first :]
            break
        seen |= set() if each.scope else {each.name}
    return trimmed("\n".join(lines)) or code


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
