"""What is measured on a syntax tree, in every language that refactorings are asked for in."""

import pytest

from harness.prompts.syntax.grammars import tree
from harness.scoring.shape import (
    Shape,
    deepest,
    identifiers,
    longest_function,
    misses,
    most_parameters,
    repeated,
)

# Each has one function of two parameters, in which two control structures are inside each other; its else-if is on the
# first level. The last figure is the function's lines.
NESTED = {
    "python": (
        "def f(self, a, *, b=1):\n    if a:\n        pass\n    elif b:\n        for c in b:\n            a += c\n",
        6,
    ),
    "javascript": ("function f(a, b) {\n  if (a) { g(); }\n  else if (b) { while (a) { g(); } }\n}\n", 4),
    "typescript": ("const f = (a: number, b?: string): void => {\n  if (a) {} else if (b) { for (;;) {} }\n};\n", 3),
    "ruby": ("def f(a, b: 1)\n  if a\n    g\n  elsif b\n    a.each do |c|\n      g unless c\n    end\n  end\nend\n", 9),
    "go": ("package p\nfunc (s *S) f(a, b int) {\n\tif a > b {\n\t} else if a < b {\n\t\tfor {\n\t\t}\n\t}\n}\n", 7),
    "java": (
        "class A {\n  void f(int a, int b) {\n    if (a > b) {} else if (a < b) { try { g(); } finally {} }\n  }\n}\n",
        3,
    ),
    "rust": ("fn f(&self, a: i32, b: i32) {\n    if a > b {} else if a < b { match a { _ => {} } }\n}\n", 3),
    "cpp": (
        "int f(int a, const std::string& b) {\n  if (a) {} else if (b.size()) { while (a) {} }\n  return 0;\n}\n",
        4,
    ),
    "php": ("<?php\nfunction f($a, $b) {\n  if ($a) {} elseif ($b) { foreach ($a as $c) {} }\n}\n", 3),
}


@pytest.mark.parametrize("language", NESTED)
def test_an_else_if_is_no_deeper_and_the_object_itself_no_parameter(language: str) -> None:
    code, lines = NESTED[language]
    root = tree(code, language)
    assert not root.has_error
    assert (deepest(root), most_parameters(root), longest_function(root)) == (2, 2, lines)


def test_a_shell_function_has_depth_and_length_and_no_parameters() -> None:
    root = tree(
        'f() {\n  if [ "$1" ]; then\n    for i in a b; do echo "$i"; done\n  elif x; then\n    y\n  fi\n}\n', "bash"
    )
    assert (deepest(root), most_parameters(root), longest_function(root)) == (2, 0, 7)


def test_a_clone_may_have_other_names_numbers_and_texts() -> None:
    code = """
def one(x):
    total = x + 1
    print(total, "a")
    return total

def two(y):
    amount = y + 20
    print(amount, "bcd")
    return amount
"""
    # def one(x): (6), total = x + 1 (5), print(total, "a") (6), return total (2)
    assert repeated(tree(code, "python")) == 19
    assert repeated(tree(code.replace("def two(y)", "def two(y, z)"), "python")) == 13
    assert repeated(tree(code.replace("y + 20", "y - 20"), "python")) == 8
    assert repeated(tree(code.replace('    print(amount, "bcd")\n', ""), "python")) == 5


def test_a_run_does_not_overlap_itself_and_a_comment_does_not_part_it() -> None:
    assert repeated(tree("f(1)\nf(2)\nf(3)\n", "python")) == 4
    assert repeated(tree("f(1)\ng = 2\n\n# a word\nf(3)\n# and another\ng = 4\n", "python")) == 7
    assert repeated(tree("f(1)\n", "python")) == repeated(tree("", "python")) == 0


def test_rows_of_a_table_are_no_repeated_statements() -> None:
    rows = "".join(f'    ("{name}", {number}, True),\n' for number, name in enumerate("abcdefgh"))
    assert repeated(tree(f"TABLE = [\n{rows}]\n", "python")) == 0


def test_names_in_comments_and_texts_do_not_count() -> None:
    root = tree('tmp2 = 1  # remaining_days\nprint("days")\n', "python")
    assert identifiers(root) == {"tmp2", "print"}


def test_what_is_missed_is_told_with_figures() -> None:
    code = "def f(a, b, c):\n    if a:\n        if b:\n            return c\n"
    assert misses(code, "python", Shape(longest_function=4, deepest=2, most_parameters=3)) == []
    assert misses(code, "python", Shape(3, 1, 2, gone=("a",), present=("d",))) == [
        "longest function: 4, not 3 or less",
        "deepest: 2, not 1 or less",
        "most parameters: 3, not 2 or less",
        "a is still there",
        "d is not there",
    ]


def test_a_file_that_does_not_parse_or_is_endless_has_no_shape() -> None:
    assert misses("def f(:\n", "python", Shape()) == ["the file does not parse"]
    assert misses("f(1)\n" * 20_000, "python", Shape(repeated=5)) == ["the file is too long to be measured"]


def test_deep_nesting_ends_no_measure() -> None:
    code = "if (a) {\n" * 2_000 + "}\n" * 2_000
    assert misses(code, "javascript", Shape(deepest=1, repeated=5))
