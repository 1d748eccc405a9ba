"""Whether an answer holds the reference, whatever its space, comments and documentation."""

import pytest

from harness.records import Outcome, Score
from harness.scoring.verbatim import LEAST, VERBATIM, with_verbatim

PYTHON = '''def merged(spans):
    """Join spans that touch."""
    found = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))  # grows
        else:
            found.append((start, end))
    return found
'''
GO = """func Sum(values []int, most int) int {
	total := 0
	for _, value := range values {
		if value > most {
			value = most
		}
		total += value
	}
	if total < 0 || most < 0 {
		return 0
	}
	return total
}
"""
PASSED = Score(Outcome.PASSED, {"pass@1": 1.0})


def share(code: str, reference: str, language: str = "python") -> float | None:
    return with_verbatim(PASSED, code, reference, language).scores.get(VERBATIM.name)


@pytest.mark.parametrize(
    "code",
    [
        PYTHON,
        PYTHON.replace("    ", "\t").replace("# grows", ""),
        PYTHON.replace('"""Join spans that touch."""', "'''Other words.'''"),
        "import re\n\n" + PYTHON + "\nprint(merged([]))\n",
        PYTHON.replace("(found[-1][0], max(found[-1][1], end))", "(\n found[-1][0],\n max(found[-1][1], end)\n)"),
    ],
)
def test_space_comments_documentation_and_what_stands_around_do_not_count(code: str) -> None:
    assert share(code, PYTHON) == 1.0


@pytest.mark.parametrize(
    "code",
    ["", "\x00", PYTHON.replace("found", "result"), PYTHON.replace("<=", "<"), PYTHON.rsplit("\n", 2)[0], "(" * 5000],
)
def test_another_name_sign_or_a_missing_line_does(code: str) -> None:
    assert share(code, PYTHON) == 0.0


def test_a_body_is_found_under_its_head() -> None:
    body = PYTHON.split("\n", 2)[2]
    assert share(PYTHON, body) == 1.0


def test_other_languages_by_their_own_grammar() -> None:
    assert share("package main\n// Sum adds.\n" + GO.replace("\n\t", "\n        "), GO, "go") == 1.0
    assert share(GO.replace("total", "sum"), GO, "go") == 0.0


def test_nothing_is_said_of_a_short_reference_and_of_what_the_sandbox_failed_to_run() -> None:
    short = "def add(one, other):\n    return one + other\n"
    assert share(short, short) is None
    assert share(short, "\n".join([short] * LEAST)) == 0.0
    failed = Score(Outcome.INFRA_ERROR, {})
    assert with_verbatim(failed, PYTHON, PYTHON, "python") == failed
