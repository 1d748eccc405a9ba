"""A real vLLM serves a real model: asked in every way, compared with transformers, killed, found again."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest
from conftest import ROOT, Evaluate, evaluate_environment, third_party

from harness.engines import open_engine
from harness.engines.base import Engine, EngineSettings, Serving
from harness.engines.infilling import NOT_CHECKED, SPECIAL
from harness.engines.model import Model, locate, served
from harness.engines.transformers import TransformersEngine
from harness.engines.vllm.engine import VllmEngine
from harness.engines.vllm.installation import required
from harness.entries import Endpoint
from harness.errors import ModelError
from harness.prompts.infill import InfillFormat
from harness.records import Answer, Choice, Infill, Likelihood, Message, Passage, Sampling

pytestmark = [pytest.mark.vllm, pytest.mark.slow]
T = TypeVar("T")
MODEL, CONTEXT = "smollm2-135m", 4096
STARTING_SECONDS = 420
JOB = ("--model", MODEL, "--feature", "code-suggestions", "--benchmark", "quick", "--max-model-len", str(CONTEXT))
SAMPLES = 40
QUICK = f"""
from dataclasses import dataclass
from typing import ClassVar
from harness.entries import BenchmarkEntry, DataSet
from harness.records import Chat, Message, Outcome, Sample, Score

@dataclass(frozen=True)
class Quick:
    name: ClassVar = "quick"
    version: ClassVar = "1"
    metric: ClassVar = "acc"
    max_tokens: ClassVar = 48
    stop: ClassVar = ()

    def load(self, read):
        prompts = [Chat((Message("user", f"Tell me about the number {{number}}."),)) for number in range({SAMPLES})]
        return [Sample(str(number), prompt, None, str(number)) for number, prompt in enumerate(prompts)]

    async def score(self, sample, answer, tools):
        return Score(Outcome.PASSED, {{"acc": 1.0}})

QUICK = BenchmarkEntry("quick", "quick", "gitlab", "third_party:Quick", DataSet("none", "MIT", {{}}))
"""
"""A benchmark of short answers: vLLM on a CPU writes some tens of tokens a second."""
SERVED = ("--model", MODEL, "--max-model-len", str(CONTEXT), "--dtype", "float32")
"""In float32, so that what differs from transformers differs for a reason."""
QUESTIONS = [
    f"{ask} {what}."
    for ask in ("Explain in one sentence", "Write a short Python function for", "Name three uses of", "Define")
    for what in ("a linked list", "binary search", "the number seven", "a Git branch", "rain")
]


@dataclass(frozen=True)
class Running:
    """A server that ``evaluate serve`` keeps up, and the file that tells of it."""

    url: str
    key: str
    process: "subprocess.Popen[str]"


@pytest.fixture(scope="session")
def vllm_python() -> str:
    named = os.environ.get("HARNESS_VLLM_PYTHON", "")
    if not named:
        pytest.skip("no vLLM: HARNESS_VLLM_PYTHON is not set (scripts/vllm_cpu_env.sh builds its environment)")
    return named


@pytest.fixture(scope="session")
def smollm2() -> Model:
    return locate(MODEL)


@pytest.fixture(scope="session")
def running(vllm_python: str, tmp_path_factory: pytest.TempPathFactory, smollm2: Model) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("serve")
    log = folder / "log"
    with log.open("w") as said:
        process = subprocess.Popen(
            [*evaluate_command(), "serve", *SERVED],
            cwd=folder,
            env=evaluate_environment(HARNESS_VLLM_PYTHON=vllm_python),
            stdout=said,
            stderr=said,
            text=True,
        )
    try:
        wait_for(lambda: "is served at" in log.read_text() or process.poll() is not None, STARTING_SECONDS)
        assert process.poll() is None, log.read_text()
        url = log.read_text().split("is served at ")[1].split(";")[0]
        files = [json.loads(path.read_text()) for path in cache().glob("servers/*.json")]
        yield Running(url, next(each["key"] for each in files if each["url"] == url), process)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=90) == 0
        assert not descendants_alive(process.pid)


def evaluate_command() -> list[str]:
    return [sys.executable, "-m", "harness.cli.main"]


def cache() -> Path:
    from harness.shipped import cache_dir

    return cache_dir()


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            pytest.fail("waited in vain")
        time.sleep(0.2)


def processes() -> dict[int, tuple[int, str]]:
    """Parent and command of every process by its id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                found[int(entry.name)] = (parent, (entry / "cmdline").read_text().replace("\0", " "))
            except (OSError, IndexError):
                continue
    return found


def below(pid: int) -> list[int]:
    table = processes()
    found, queue = [], [pid]
    while queue:
        above = queue.pop()
        queue += (children := [child for child, (parent, _) in table.items() if parent == above])
        found += children
    return found


def descendants_alive(pid: int) -> list[int]:
    return [child for child in below(pid) if Path(f"/proc/{child}").exists()]


def asked(work: Callable[[Engine], Awaitable[T]], model: Model, settings: EngineSettings) -> T:
    async def session() -> T:
        async with open_engine(settings, model, 0, print) as engine:
            return await work(engine)

    return asyncio.run(session())


def vllm_settings(python: str) -> EngineSettings:
    return EngineSettings("vllm", dtype="float32", max_model_len=CONTEXT, serving=Serving(python=python))


@pytest.fixture(scope="session")
def environment(vllm_python: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Names vLLM's interpreter and adds the quick benchmark."""
    site = third_party(tmp_path_factory.mktemp("site") / "site", QUICK, "quick")
    return {"HARNESS_VLLM_PYTHON": vllm_python, "PYTHONPATH": f"{site}:{ROOT}"}


def user(text: str) -> tuple[Message, ...]:
    return (Message("user", text),)


def test_the_same_greedy_answers_as_transformers(running: Running, smollm2: Model, vllm_python: str) -> None:
    async def work(engine: Engine) -> list[Answer]:
        return list(await asyncio.gather(*(engine.chat(user(text), Sampling(16)) for text in QUESTIONS)))

    ours = asked(work, smollm2, vllm_settings(vllm_python))
    theirs = asked(work, smollm2, EngineSettings("transformers", dtype="float32"))
    assert [each.prompt_tokens for each in ours] == [each.prompt_tokens for each in theirs]
    same = sum(one.text == other.text for one, other in zip(ours, theirs, strict=True))
    assert same >= 18, [(one.text, other.text) for one, other in zip(ours, theirs, strict=True)]


def test_options_have_the_log_probabilities_that_transformers_computes(
    running: Running, smollm2: Model, vllm_python: str
) -> None:
    context = "Question: What is the capital of France?\nA. Berlin\nB. Paris\nC. Madrid\nD. Rome\nAnswer:"
    letters = (" A", " B", " C", " D")
    cities = (" Berlin", " Paris is the capital", " Madrid", " Rome")
    judged = (" Paris\nIs the answer correct? yes", " Paris\nIs the answer correct? no")
    shots = tuple(f"Question: What is {each} + 1?\nA. {each}\nB. {each + 1}\nAnswer: B\n\n" for each in range(5))
    prompts = [
        *(Choice(context, options) for options in (letters, cities, judged)),
        Choice("", (" Paris", " The capital")),
        Choice("ab", ("solutely not",)),
        *(Choice(f"{context[:-7]} number {number}.\nAnswer:", letters, shots=shots) for number in range(40)),
        Choice(context, ("A", "B is right"), lead="Be terse.", chat=True),
    ]

    async def work(engine: Engine) -> list[Answer]:
        return list(await asyncio.gather(*map(engine.choose, prompts)))

    ours = asked(work, smollm2, vllm_settings(vllm_python))
    theirs = asked(work, smollm2, EngineSettings("transformers", dtype="float32"))
    for one, other in zip(ours, theirs, strict=True):
        assert one.options == pytest.approx(other.options, abs=0.01)
        assert one.prompt_tokens == other.prompt_tokens
    assert all(value is not None and value < 0 for answer in ours for value in answer.options)


def test_given_texts_are_as_likely_and_as_greedy_as_transformers_finds(
    running: Running, smollm2: Model, vllm_python: str
) -> None:
    capital = user("The capital of France is")
    prompts = [
        Likelihood((), (), (capital,) * 3, (" Paris", " Paris.", " a large town in Spain")),
        Likelihood(user("Lead. "), (user("A shot. "),) * 2, (user("Two and two is"), None), (" four", " four")),
        Likelihood((), (), (user("Say it."),), ("It.",), chat=True),
    ]
    text = "The quick brown fox jumps over the lazy dog, and then it sleeps under a tree. " * 12

    async def work(engine: Engine) -> list[Answer]:
        # vLLM spends a token of its context on an answer: with this both read windows of 63.
        if isinstance(engine, TransformersEngine):
            engine.context = 63
        else:
            assert isinstance(engine, VllmEngine)
            engine.context = 64
        return [*await asyncio.gather(*map(engine.likelihood, prompts)), await engine.passage(Passage(text))]

    ours = asked(work, smollm2, vllm_settings(vllm_python))
    theirs = asked(work, smollm2, EngineSettings("transformers", dtype="float32"))
    for one, other in zip(ours[:-1], theirs[:-1], strict=True):
        assert one.options == pytest.approx(other.options, abs=0.01)
        assert one.greedy == other.greedy
    assert {greedy for each in ours for greedy in each.greedy} == {True, False}
    assert ours[-1].prompt_tokens == theirs[-1].prompt_tokens > 3 * 63
    assert ours[-1].options == pytest.approx(theirs[-1].options, abs=0.1)


def test_as_an_endpoint_it_echoes_the_same_log_probabilities(
    running: Running, smollm2: Model, vllm_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_KEY", running.key)
    endpoint = Endpoint(running.url, api_key_env="SERVER_KEY")
    prompts = [
        Choice("The capital of France is", (" Paris, of course.", " a large town in Spain")),
        Choice("Il était une fois, à Noël,", (" un très vieil homme", " une vieille forêt")),
        Choice("2 + 2 =", (" 4", " 5")),
    ]

    async def work(engine: Engine) -> list[Answer]:
        return list(await asyncio.gather(*map(engine.choose, prompts)))

    ours = asked(work, smollm2, vllm_settings(vllm_python))
    theirs = asked(work, served(MODEL, endpoint), EngineSettings("endpoint", endpoint=endpoint))
    for one, other in zip(ours, theirs, strict=True):
        assert other.options == pytest.approx(one.options, abs=0.01)

    given = Likelihood((), (), (user("The capital of France is"),) * 2, (" Paris", " a large town in Spain"))
    scored = asked(lambda engine: engine.likelihood(given), smollm2, vllm_settings(vllm_python))
    echoed = asked(
        lambda engine: engine.likelihood(given),
        served(MODEL, endpoint),
        EngineSettings("endpoint", endpoint=endpoint),
    )
    assert echoed.options == pytest.approx(scored.options, abs=0.01)
    assert echoed.greedy == scored.greedy


def test_an_answer_ends_at_any_of_more_stop_strings_than_the_server_takes(
    running: Running, smollm2: Model, vllm_python: str
) -> None:
    sampling = Sampling(24, stop=("w", "x", "y", "z", " 13", " 9"))
    answer = asked(lambda engine: engine.complete("1, 2, 3, 4, 5, 6,", sampling), smollm2, vllm_settings(vllm_python))
    assert (answer.text, answer.finish_reason) == (" 7, 8,", "stop")


def test_streams_tell_the_first_token_and_a_fallback_is_marked(
    running: Running, smollm2: Model, vllm_python: str
) -> None:
    async def work(engine: Engine) -> list[Answer]:
        place = Infill("def add(a, b):\n    return ", "\n", "add.py", "python")
        chat, streamed = engine.chat(user("Count to ten."), Sampling(12)), engine.infill(place, Sampling(12), True)
        same = await engine.chat(user("Count to ten."), Sampling(12), stream=True)
        return [await chat, await streamed, same]

    chat, infill, same = asked(work, smollm2, vllm_settings(vllm_python))
    assert infill.fallback
    assert not chat.fallback
    assert (same.text, same.prompt_tokens, same.answer_tokens) == (chat.text, chat.prompt_tokens, chat.answer_tokens)
    assert chat.first_token_seconds is None
    assert same.first_token_seconds is not None
    assert 0 < same.first_token_seconds <= same.seconds


MARKS = InfillFormat("marks", ("*",), "PSM", "<repo_name>", "<file_sep>", "<filename>", stop=("<gh_stars>",))
"""A family of the special tokens that SmolLM2 has: it was not trained to infill, but the way there is the same."""


def infilled(model: Model, settings: EngineSettings) -> tuple[str, list[Answer]]:
    """What the check said, and the answers to a short infill and to one that does not fit."""
    short = Infill("def add(a, b):\n    return ", "\n", "add.py", "python")
    long = replace(short, prefix="# before\n" * CONTEXT + short.prefix, suffix="\n" + "# after\n" * CONTEXT)

    async def session() -> tuple[str, list[Answer]]:
        engine = open_engine(settings, model, 0, print, infills=True)
        async with engine:
            return engine.sentinels, [await engine.infill(each, Sampling(12)) for each in (short, long)]

    return asyncio.run(session())


def test_an_infill_goes_in_checked_tokens_and_is_cut_to_the_context(
    running: Running, smollm2: Model, vllm_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_KEY", running.key)
    model = replace(smollm2, infill=MARKS)
    told, (short, long) = infilled(model, vllm_settings(vllm_python))
    _, (same, likewise) = infilled(model, EngineSettings("transformers", dtype="float32", max_model_len=CONTEXT))
    assert told == SPECIAL
    assert (short.text, short.prompt_tokens, short.family) == (same.text, same.prompt_tokens, "marks")
    assert (long.cut, long.prompt_tokens) == (likewise.cut, likewise.prompt_tokens)
    assert CONTEXT - 30 < long.prompt_tokens + 12 <= CONTEXT
    assert long.cut
    assert 0 < long.cut.prefix_lines < long.cut.suffix_lines, "the prefix is favoured"

    # One whose tokenizer is the server's business is sent text, and the server says what its tokens are.
    told, (text, cut) = infilled(replace(model, server_tokenizes=True), vllm_settings(vllm_python))
    assert (told, text.text, text.prompt_tokens) == (SPECIAL, short.text, short.prompt_tokens)
    assert cut.cut
    assert cut.prompt_tokens < CONTEXT
    lacking = replace(model, infill=replace(MARKS, suffix="<fim_suffix>"), server_tokenizes=True)
    with pytest.raises(ModelError, match='no token "<fim_suffix>"'):
        infilled(lacking, vllm_settings(vllm_python))

    endpoint = Endpoint(running.url, api_key_env="SERVER_KEY")
    asked_there = replace(served(MODEL, endpoint), infill=MARKS)
    told, (text, cut) = infilled(asked_there, EngineSettings("endpoint", endpoint=endpoint))
    assert (told, text.text) == (NOT_CHECKED, short.text)
    assert cut.cut


def test_a_token_ends_an_answer(running: Running, smollm2: Model, vllm_python: str) -> None:
    async def work(engine: Engine) -> list[Answer]:
        assert engine.vocabulary
        ids = engine.vocabulary.text("The capital of France is")
        first = await engine.resume(ids, Sampling(1))
        end = engine.vocabulary.text(first.text)[0]
        return [await engine.resume(ids, Sampling(8)), await engine.resume(ids, Sampling(8), ends=frozenset([end]))]

    free, ended = asked(work, smollm2, vllm_settings(vllm_python))
    assert (free.finish_reason, ended.finish_reason, ended.text) == ("length", "stop", "")


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_as_an_endpoint_it_gives_the_same_answer_in_both_protocols(
    running: Running, smollm2: Model, vllm_python: str, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVER_KEY", running.key)
    endpoint = Endpoint(running.url, api_key_env="SERVER_KEY", protocol=protocol)  # type: ignore[arg-type]

    async def work(engine: Engine) -> list[Answer]:
        message = (Message("system", "You are terse."), *user("What is a compiler?"))
        return [await engine.chat(message, Sampling(16), stream) for stream in (False, True)]

    ours = asked(work, smollm2, vllm_settings(vllm_python))
    theirs = asked(work, served(MODEL, endpoint), EngineSettings("endpoint", endpoint=endpoint))
    assert {each.text for each in theirs} == {ours[0].text}
    assert {each.answer_tokens for each in theirs} == {16}


def test_a_run_finds_the_running_server_and_tells_no_key(
    running: Running, evaluate: Evaluate, environment: dict[str, str], vllm_python: str, tmp_path: Path
) -> None:
    shown = evaluate(*JOB, "--dtype", "float32", "--limit", "4", "--latency", "--json", **environment)
    assert shown.returncode == 0, shown.stderr
    assert "vLLM is starting" not in shown.stderr
    manifest = json.loads(next((tmp_path / "results/runs").glob("*/*/*/manifest.json")).read_text())
    session = manifest["sessions"][0]
    engine = session["engine"]
    assert (engine["engine"], engine["reused"], engine["prompts"]) == ("vllm", True, "token ids")
    assert engine["vllm"] == required(vllm_python).version
    assert engine["models"][0]["max_model_len"] == CONTEXT
    for flag in ("--host 127.0.0.1", "--generation-config vllm", "--enable-prefix-caching", "--seed 0"):
        assert flag in engine["command"]
    assert session["usage"]["candidate"]["answer_tokens"] > 0
    assert session["usage"]["candidate"]["prefix_cache_queried_tokens"] > 0
    summary = json.loads(shown.stdout)
    assert summary["usage"]["prefix_cache_hit_share"] is not None
    assert [(row["concurrency"], row["n"], row["failed"]) for row in summary["latency"]] == [(1, 4, 0), (8, 4, 0)]
    assert all(row["first_token"]["p50"] <= row["total"]["p50"] <= row["total"]["p95"] for row in summary["latency"])
    texts = [path.read_text() for path in (tmp_path / "results").rglob("*") if path.is_file()]
    commands = [command for _, command in processes().values()]
    assert not any(running.key in text for text in (*texts, *commands, shown.stdout, shown.stderr))


def test_a_second_serve_with_the_same_settings_points_to_the_first(
    running: Running, evaluate: Evaluate, vllm_python: str
) -> None:
    shown = evaluate("serve", *SERVED, HARNESS_VLLM_PYTHON=vllm_python)
    assert shown.returncode == 2
    assert f"runs already at {running.url}" in shown.stderr


def lora(folder: Path) -> Path:
    """A LoRA adapter for the first layer's queries, of rank 4, that changes them a little."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"], "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(config | {"task_type": "CAUSAL_LM"}))
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_"
    torch.manual_seed(0)
    save_file(
        {f"{name}A.weight": torch.randn(4, 576) * 0.01, f"{name}B.weight": torch.randn(576, 4) * 0.01},
        folder / "adapter_model.safetensors",
    )
    return folder


def test_kill_9_of_the_server_and_of_the_harness_lose_and_repeat_nothing(
    running: Running, environment: dict[str, str], tmp_path: Path
) -> None:
    """Beside the running server: a second one, because it serves an adapter on top of the model."""
    adapter = lora(tmp_path / "adapter")
    command = [*evaluate_command(), *JOB, "--lora", str(adapter), "--concurrency", "3"]
    said = tmp_path / "said"

    def start() -> "subprocess.Popen[bytes]":
        with said.open("ab") as output:
            return subprocess.Popen(
                command, cwd=tmp_path, env=evaluate_environment(**environment), stdout=output, stderr=output
            )

    def records() -> list[str]:
        journals = list((tmp_path / "results/runs").glob("*/*/*/records.jsonl"))
        return journals[0].read_text().splitlines() if journals else []

    run = start()
    try:
        wait_for(lambda: len(records()) >= 2 or run.poll() is not None, STARTING_SECONDS)
        assert run.poll() is None, said.read_text()
        keeper = next(pid for pid in below(run.pid) if "keeper.py" in processes()[pid][1])
        server = next(pid for pid, (parent, _) in processes().items() if parent == keeper)
        assert running.process.poll() is None, "two servers at once"
        os.kill(server, signal.SIGKILL)
        before = len(records())
        # At most 7 workers hold an answer of the first server (3 in flight, 4 being scored): the 8th is of the second.
        wait_for(lambda: len(records()) >= before + 8 or run.poll() is not None, STARTING_SECONDS)
        assert run.poll() is None, said.read_text()
        assert "the vLLM server died; starting it again (1 of 2)" in said.read_text()
        left = below(run.pid)
        assert len(left) >= 3
    finally:
        run.kill()
        run.wait()
    kept = records()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left), 60)

    assert start().wait(timeout=STARTING_SECONDS) == 0, said.read_text()
    assert records()[: len(kept)] == kept
    manifest = json.loads(next((tmp_path / "results/runs").glob("*/*/*/manifest.json")).read_text())
    assert {each["id"] for each in manifest["sessions"][-1]["engine"]["models"]} == {MODEL, f"{MODEL}+adapter"}
    assert "lora/adapter_model.safetensors" in manifest["model_files"]
    keys = [(row["benchmark"], row["sample"], row["attempt"]) for row in map(json.loads, records())]
    assert len(keys) == len(set(keys)) == SAMPLES, "none lost, none twice"
    assert {json.loads(row)["verdict"] for row in records()} == {"passed"}, "nor was any a failure on the way"


def test_an_architecture_that_vllm_does_not_know_is_said_with_its_last_lines(
    evaluate: Evaluate, environment: dict[str, str], smollm2: Model, tmp_path: Path
) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    for file in smollm2.path.iterdir():
        shutil.copy(file, strange)
    (strange / "config.json").unlink()
    config = json.loads((smollm2.path / "config.json").read_text())
    (strange / "config.json").write_text(
        json.dumps(config | {"architectures": ["UnheardOfForCausalLM"], "model_type": "unheard_of"})
    )
    shown = evaluate("--model", strange, *JOB[2:], "--limit", "1", **environment)
    assert shown.returncode == 3, shown.stderr
    assert "error: the vLLM server ended: this vLLM does not know the model's architecture" in shown.stderr
    assert "  | " in shown.stderr
    assert "  mend: a newer vLLM may" in shown.stderr
    assert not list((tmp_path / "results").rglob("*.json*")), "nothing half-written"
