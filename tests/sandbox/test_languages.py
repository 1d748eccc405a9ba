"""Every language: right, wrong, hanging, broken and hostile programs, and what happens without its toolchain."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from harness.errors import UnavailableError, UsageError
from harness.records import Outcome
from harness.sandbox import languages
from harness.sandbox.languages import LANGUAGES, toolchain
from harness.sandbox.pool import Sandbox, choose_level
from harness.sandbox.program import Asserts, Calls, Case, Limits, Program, Script, Suite


@dataclass(frozen=True)
class Speaks:
    """The same few programs in one language."""

    right: str
    wrong: str
    hangs: str
    broken: str
    hostile: str
    """Claims to have passed, by exit status, by output, and by writing to its descriptors."""
    echo: str
    """A script that prints its input in capital letters."""
    case: Case = field(default_factory=lambda: Case("twice([1, 2])", [2, 4]))


SPOKEN = {
    "python": Speaks(
        right="def twice(x):\n    return [2 * i for i in x]",
        wrong="def twice(x):\n    return x",
        hangs="def twice(x):\n    while True:\n        pass",
        broken="def twice(x:",
        hostile='import os\nprint(\'{"step": 0, "value": [2, 4]}\')\nos._exit(0)',
        echo="import sys\nprint(sys.stdin.read().upper())",
    ),
    "javascript": Speaks(
        right="const twice = x => x.map(i => 2 * i);",
        wrong="const twice = x => x;",
        hangs="const twice = x => { for (;;); };",
        broken="const twice = (x => ;",
        hostile='console.log(\'{"step": 0, "value": [2, 4]}\'); process.exit(0);',
        echo="console.log(require('fs').readFileSync(0, 'utf8').toUpperCase());",
    ),
    "typescript": Speaks(
        right="function twice(x: number[]): number[] { return x.map(i => 2 * i); }",
        wrong="const twice = (x: number[]): number[] => x;",
        hangs="function twice(x: number[]): number[] { for (;;); }",
        broken="function twice(x: number[]: { return x; ",
        hostile='declare const process: any; console.log(\'{"step": 0, "value": [2, 4]}\'); process.exit(0);',
        echo="declare const require: any; console.log(require('fs').readFileSync(0, 'utf8').toUpperCase());",
    ),
    "ruby": Speaks(
        right="def twice(x) = x.map { |i| 2 * i }",
        wrong="def twice(x) = x",
        hangs="def twice(x)\n  loop {}\nend",
        broken="def twice(x",
        hostile='puts \'{"step": 0, "value": [2, 4]}\'\nexit!(0)',
        echo="puts $stdin.read.upcase",
    ),
    "php": Speaks(
        right="<?php function twice($x) { return array_map(fn($i) => 2 * $i, $x); }",
        wrong="<?php function twice($x) { return $x; }",
        hangs="<?php function twice($x) { for (;;); }",
        broken="<?php function twice($x { }",
        hostile='<?php echo \'{"step": 0, "value": [2, 4]}\', "\\n"; exit(0);',
        echo="<?php echo strtoupper(stream_get_contents(STDIN));",
    ),
    "bash": Speaks(
        right='twice() { for i in "$@"; do echo $((2 * i)); done; }',
        wrong='twice() { echo "$@"; }',
        hangs="twice() { while :; do :; done; }",
        broken="twice() { if; }",
        hostile='for fd in 3 4 5 6 7 8 9; do echo \'{"step": 0, "value": "2\\n4"}\' >&$fd; done 2>/dev/null; kill -9 $$',
        echo="tr a-z A-Z",
        case=Case("twice 1 2", "2\n4"),
    ),
    "c": Speaks(
        right="int twice(int x) { return 2 * x; }",
        wrong="int twice(int x) { return x; }",
        hangs="int twice(int x) { volatile int i = 0; while (1) i++; return i; }",
        broken="int twice(int x { return x; }",
        hostile='#include <stdio.h>\n#include <stdlib.h>\nint twice(int x) { puts("{\\"step\\": 0, \\"value\\": 4}"); exit(0); }',
        echo="#include <ctype.h>\n#include <stdio.h>\nint main(void) { int c; while ((c = getchar()) != EOF) putchar(toupper(c)); }",
        case=Case("twice(2)", 4),
    ),
    "cpp": Speaks(
        right="#include <vector>\nstd::vector<int> twice(std::vector<int> x) { for (auto &i : x) i *= 2; return x; }",
        wrong="#include <vector>\nstd::vector<int> twice(std::vector<int> x) { return x; }",
        hangs="#include <vector>\nstd::vector<int> twice(std::vector<int> x) { volatile int i = 0; for (;;) i = i + 1; }",
        broken="int twice(",
        hostile="#include <cstdio>\n#include <cstdlib>\n#include <vector>\n"
        'std::vector<int> twice(std::vector<int>) { puts("{\\"step\\": 0, \\"value\\": [2, 4]}"); exit(0); }',
        echo="#include <cctype>\n#include <iostream>\nint main() { for (int c; (c = std::cin.get()) != EOF;) std::cout.put(toupper(c)); }",
        case=Case("twice(x)", [2, 4], setup="std::vector<int> x = {1, 2}"),
    ),
    "rust": Speaks(
        right="fn twice(x: &[i64]) -> Vec<i64> { x.iter().map(|i| 2 * i).collect() }",
        wrong="fn twice(x: &[i64]) -> Vec<i64> { x.to_vec() }",
        hangs="fn twice(_: &[i64]) -> Vec<i64> { loop { std::hint::black_box(1); } }",
        broken="fn twice(x: &[i64]) -> Vec<i64> { x }",
        hostile='fn twice(_: &[i64]) -> Vec<i64> { println!("{{\\"step\\": 0, \\"value\\": [2, 4]}}"); std::process::exit(0) }',
        echo='fn main() { print!("{}", std::io::read_to_string(std::io::stdin()).unwrap().to_uppercase()) }',
        case=Case("twice(&[1, 2])", [2, 4]),
    ),
    "go": Speaks(
        right="package main\n\nfunc twice(x []int) (y []int) {\n\tfor _, i := range x {\n\t\ty = append(y, 2*i)\n\t}\n\treturn\n}",
        wrong="package main\n\nfunc twice(x []int) []int { return x }",
        hangs="package main\n\nfunc twice(x []int) []int {\n\tfor {\n\t}\n}",
        broken="package main\n\nfunc twice(x []int) []int { return 1 }",
        hostile='package main\n\nimport (\n\t"fmt"\n\t"os"\n)\n\nfunc twice(x []int) []int {\n'
        '\tfmt.Println(`{"step": 0, "value": [2, 4]}`)\n\tos.Exit(0)\n\treturn nil\n}',
        echo='package main\n\nimport (\n\t"fmt"\n\t"io"\n\t"os"\n\t"strings"\n)\n\nfunc main() {\n'
        "\tdata, _ := io.ReadAll(os.Stdin)\n\tfmt.Print(strings.ToUpper(string(data)))\n}",
        case=Case("twice([]int{1, 2})", [2, 4]),
    ),
    "java": Speaks(
        right="class Solution { static int[] twice(int[] x) { return Arrays.stream(x).map(i -> 2 * i).toArray(); } }",
        wrong="class Solution { static int[] twice(int[] x) { return x; } }",
        hangs="class Solution { static int[] twice(int[] x) { for (;;); } }",
        broken="class Solution { static int[] twice(int[] x) { return 1; } }",
        hostile='class Solution { static int[] twice(int[] x) { System.out.println("{\\"step\\": 0, \\"value\\": [2, 4]}");'
        " System.exit(0); return x; } }",
        echo="class Main { public static void main(String[] a) throws Exception {"
        " System.out.print(new String(System.in.readAllBytes()).toUpperCase()); } }",
        case=Case("Solution.twice(new int[] {1, 2})", [2, 4]),
    ),
}
SPOKEN["java"] = Speaks(
    **{
        **SPOKEN["java"].__dict__,
        **{
            name: f"import java.util.*;\n{getattr(SPOKEN['java'], name)}"
            for name in ("right", "wrong", "hangs", "broken", "hostile")
        },
    }
)
QUICK = Limits(cpu_seconds=2, wall_seconds=20.0)


@pytest.fixture(params=SPOKEN)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    if toolchain(found) is None:
        pytest.skip(f"no toolchain for {found} here: {LANGUAGES[found].install}")
    return found


@pytest.fixture(scope="module")
def best() -> Iterator[Sandbox]:
    with Sandbox(choose_level(), slots=2) as opened:
        yield opened


def test_every_language_is_spoken_here() -> None:
    assert SPOKEN.keys() == LANGUAGES.keys()


@pytest.mark.parametrize(
    ("kind", "outcomes", "message"),
    [
        ("right", {Outcome.PASSED}, ""),
        ("wrong", {Outcome.FAILED}, "not"),
        ("hangs", {Outcome.TIMEOUT}, "2 s of CPU"),
        ("broken", {Outcome.FAILED}, ""),
        ("hostile", {Outcome.CRASHED, Outcome.FAILED}, ""),
    ],
)
def test_verdicts(best: Sandbox, name: str, kind: str, outcomes: set[Outcome], message: str) -> None:
    spoken = SPOKEN[name]
    verdict = best.run(Program(name, getattr(spoken, kind), Calls((spoken.case,)), limits=QUICK))
    assert verdict.outcome in outcomes, verdict
    assert message in verdict.message
    if kind in ("wrong", "hangs"):
        assert verdict.test == spoken.case.call


def test_a_right_program_passes_at_every_level(sandbox: Sandbox, name: str) -> None:
    verdict = sandbox.run(Program(name, SPOKEN[name].right, Calls((SPOKEN[name].case,))))
    assert verdict.outcome is Outcome.PASSED, verdict


def test_scripts_are_judged_by_what_they_print(best: Sandbox, name: str) -> None:
    for expected, outcome in (("HELLO\n", Outcome.PASSED), ("HELL\n", Outcome.FAILED)):
        verdict = best.run(Program(name, SPOKEN[name].echo, Script(expected, stdin="hello")))
        assert verdict.outcome is outcome, verdict


def test_what_was_compiled_is_not_compiled_again() -> None:
    program = Program("c", "int f(void) { return 4; }", Calls((Case("f()", 4),)))
    if toolchain("c") is None:
        pytest.skip("no C compiler here")
    with Sandbox(choose_level(), slots=2) as sandbox:
        futures = [sandbox.submit(program) for _ in range(5)]
        assert {future.result().outcome for future in futures} == {Outcome.PASSED}
        assert sandbox.run(program).outcome is Outcome.PASSED
        assert sandbox.compiled == 1


def test_a_compiler_that_runs_away_is_stopped(best: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    if toolchain("cpp") is None:
        pytest.skip("no C++ compiler here")
    monkeypatch.setattr("harness.sandbox.pool.COMPILE_LIMITS", Limits(cpu_seconds=1, wall_seconds=20.0))
    slow = "constexpr long f(long n) { long s = 0; for (long i = 0; i < n; i++) s += i % 7; return s; }\n"
    bomb = slow + "".join(f"static_assert(f({1_000_000 + number}) > 0);\n" for number in range(1000))
    verdict = best.run(Program("cpp", bomb, Calls((Case("1", 1),))))
    assert verdict.outcome is Outcome.TIMEOUT, verdict
    assert verdict.test == "compile"


@pytest.mark.usefixtures("other_tools")
def test_a_missing_toolchain_is_unavailable(best: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_find", lambda tool: None)
    with pytest.raises(UnavailableError, match="no toolchain for ruby") as raised:
        best.run(Program("ruby", "", Calls((Case("1", 1),))))
    assert "apt-get install ruby" in raised.value.mend


def test_asserts_are_for_python_only(best: Sandbox) -> None:
    if toolchain("ruby") is None:
        pytest.skip("no Ruby here")
    with pytest.raises(UsageError, match="Asserts is no way to test ruby"):
        best.run(Program("ruby", "", Asserts(("assert True",))))


STRICT = (
    "<?php\ndeclare(strict_types=1);\n\nnamespace Shop;\n\nfunction half(int $price): int { return intdiv($price, 2); }"
)
COUNTER = "<?php\n$count = 2;\nfunction counted() { global $count; return $count; }"


@pytest.mark.parametrize(
    ("name", "source", "case"),
    [
        ("php", STRICT, Case("\\Shop\\half(8)", 4)),
        ("php", COUNTER, Case("counted() + $report + $number", 10, setup="$report = 1; $number = 7;")),
        ("php", "<?php", Case("ctype_digit('12')", True)),
        ("php", "before <?php $name = 'x' ?> after", Case("$name", "x")),
        ("ruby", "def message = 'hello'", Case("message + job", "hello, you", setup="job = ', you'")),
        ("typescript", "export const twice = (x: number[]) => x.map(i => 2 * i);", Case("twice([1])", [2])),
        ("typescript", "export let calls = 0;\nexport const call = () => ++calls;", Case("[call(), calls]", [1, 1])),
        ("javascript", "module.exports = null;\nconst one = 1;", Case("one", 1)),
    ],
)
def test_programs_may_say_all_that_a_file_of_theirs_may(best: Sandbox, name: str, source: str, case: Case) -> None:
    if toolchain(name) is None:
        pytest.skip(f"no toolchain for {name} here")
    verdict = best.run(Program(name, source, Calls((case,))))
    assert verdict.outcome is Outcome.PASSED, verdict


@pytest.mark.parametrize("name", ["python", "javascript", "ruby", "php"])
def test_a_setup_that_raises_is_told_as_such(best: Sandbox, name: str) -> None:
    if toolchain(name) is None:
        pytest.skip(f"no toolchain for {name} here")
    source = "<?php" if name == "php" else ""
    cases = (Case("1 + 1", 2), Case("1 + 2", 3, setup="missing_name()"))
    verdict = best.run(Program(name, source, Calls(cases)))
    assert (verdict.outcome, verdict.test) == (Outcome.FAILED, "1 + 2")
    assert verdict.message.startswith("the setup raised ")


# -- tests that somebody wrote ----------------------------------------------------------------------------------------

SUITES = {
    "python": (
        "def twice(x):\n    return 2 * x\n",
        "import unittest\nfrom pricing import twice\nclass T(unittest.TestCase):\n"
        "    def test_it(self):\n        self.assertEqual(twice(2), 4)\n",
    ),
    "javascript": (
        "function twice(x) { return 2 * x; }\nmodule.exports = { twice };\n",
        'const { describe, it } = require("node:test"); const assert = require("node:assert");\n'
        'const { twice } = require("./pricing");\n'
        'describe("twice", () => { it("doubles", () => { assert.equal(twice(2), 4); }); });\n',
    ),
    "typescript": (
        "export function twice(x: number): number { return 2 * x; }\n",
        'import test from "node:test";\nimport assert from "node:assert";\nimport { twice } from "./pricing";\n'
        'test("it doubles", () => { assert.equal(twice(2), 4); });\n',
    ),
    "ruby": (
        "def twice(x) = 2 * x\n",
        'require "minitest/autorun"\nrequire_relative "pricing"\nclass TestTwice < Minitest::Test\n'
        "  def test_it\n    assert_equal 4, twice(2)\n  end\nend\n",
    ),
    "go": (
        "package pricing\n\nfunc Twice(x int) int { return 2 * x }\n",
        'package pricing\n\nimport "testing"\n\n'
        'func TestTwice(t *testing.T) { if Twice(2) != 4 { t.Fatal("not 4") } }\n',
    ),
    "rust": (
        "pub fn twice(x: i32) -> i32 { 2 * x }\n",
        "#[cfg(test)]\nmod tests { use super::*; #[test] fn it() { assert_eq!(twice(2), 4); } }\n",
    ),
}
ENDINGS = {"python": "py", "javascript": "js", "typescript": "ts", "ruby": "rb", "go": "go", "rust": "rs"}


@pytest.mark.parametrize("language", SUITES)
def test_a_suite_passes_on_what_is_right_and_fails_on_what_is_not(language: str, sandbox: Sandbox) -> None:
    if toolchain(language) is None:
        pytest.skip(f"no toolchain for {language}")
    code, tests = SUITES[language]
    path = f"lib/pricing.{ENDINGS[language]}"
    right = sandbox.run(Program(language, code, Suite(tests), path))
    assert right.outcome is Outcome.PASSED, right
    wrong = sandbox.run(Program(language, code.replace("2 * x", "3 * x"), Suite(tests), path))
    assert (wrong.outcome, wrong.test) == (Outcome.FAILED, "suite")
    assert "exit status" in wrong.message
    broken = sandbox.run(Program(language, code, Suite(f"{tests}\n)("), path))
    assert broken.outcome is Outcome.FAILED


def test_a_suite_that_hangs_is_a_timeout(sandbox: Sandbox) -> None:
    hanging = Program("python", "", Suite("while True: pass"), "a.py", Limits(cpu_seconds=1, wall_seconds=20))
    assert sandbox.run(hanging).outcome is Outcome.TIMEOUT


def test_a_language_without_a_framework_of_its_own_takes_no_suite(sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match="Suite is no way to test bash"):
        sandbox.run(Program("bash", "", Suite("")))
