"""Tasks of lm-eval: the scores of its own evaluator with its own model class, for every kind of request."""

import asyncio
import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import datasets.load
import pytest
from conftest import Evaluate
from lm_eval_rows import ROWS, write_mirror

from benchmarks import lm_eval_names
from benchmarks.lm_eval_loading import as_lm_eval
from benchmarks.lm_eval_names import Entry, definition, index, scan, tasks_folder
from harness import catalog
from harness.benchmark import Tools, metrics_of
from harness.datasource import DataSource
from harness.engines import open_engine
from harness.engines.asking import Asker
from harness.engines.base import EngineSettings
from harness.engines.model import Model, locate
from harness.errors import HarnessError, NotInstalledError, UnavailableError, UsageError
from harness.journal import Journal
from harness.metrics import estimates
from harness.pipeline import run
from harness.plan import Job, Options, Plan, make_plan
from harness.records import Answer, FewShot, Likelihood, Passage, Prompt, Record, Sample, plain
from harness.sandbox.pool import Sandbox, choose_level
from scripts.peers.comparison import Asked, Theirs, theirs

FOLDERS = {
    "afrixnli_amh_prompt_1": "afrixnli/direct/prompt_1",
    "arc_challenge_chat": "arc",
    "arc_easy": "arc",
    "blimp_adjunct_island": "blimp",
    "cola": "glue/cola",
    "gsm8k": "gsm8k",
    "lambada_openai": "lambada",
    "mmlu_anatomy": "mmlu/default",
    "triviaqa": "triviaqa",
    "truthfulqa_mc2": "truthfulqa",
    "wikitext": "wikitext",
    "winogrande": "winogrande",
    "wmt14-en-fr": "translation",
}
"""The tasks that are compared, with lm-eval's folders of them."""


@dataclass(frozen=True)
class Way:
    """One way to ask some tasks."""

    tasks: tuple[str, ...]
    shots: int | None = None
    chat: bool = False
    multiturn: bool = True

    @property
    def settings(self) -> tuple[str, ...]:
        given = {"chat": self.chat, "multiturn": self.multiturn} | ({} if self.shots is None else {"shots": self.shots})
        return tuple(f"lm-eval:{task}.{name}={value}" for task in self.tasks for name, value in given.items())


WAYS = {
    "as defined": Way(tuple(task for task in FOLDERS if task != "arc_easy")),
    "three examples": Way(("arc_easy", "mmlu_anatomy", "winogrande"), shots=3),
    "conversation": Way(("arc_easy", "gsm8k", "winogrande"), shots=2, chat=True),
    "begun answer": Way(("arc_challenge_chat",), chat=True),
    "conversation of one turn": Way(("arc_easy", "gsm8k"), shots=2, chat=True, multiturn=False),
}


@dataclass(frozen=True)
class Ours:
    """What a task's run came to."""

    job: Job
    records: Mapping[str, Record]


Both = dict[str, tuple[Way, Theirs, dict[str, Ours]]]


def compared(model: Model, mirror: Path, ways: Mapping[str, Way], context: int) -> Both:
    """lm-eval's evaluator and ours on the same rows, model and context."""
    arguments = {"dtype": "float32", "batch_size": ROWS, "device": "cpu", "max_length": context}
    asked = [Asked(dict.fromkeys(way.tasks), way.shots, way.chat, way.multiturn) for way in ways.values()]
    folders = sorted({FOLDERS[task] for way in ways.values() for task in way.tasks})
    reference = theirs(sys.executable, model.path, "hf", arguments, asked, folders, mirror)
    return {
        name: (way, told, ours(model, mirror, way, context))
        for (name, way), told in zip(ways.items(), reference, strict=True)
    }


def ours(model: Model, mirror: Path, way: Way, context: int) -> dict[str, Ours]:
    plan = planned(model, mirror, way, context)

    async def session(folder: Path) -> dict[str, Ours]:
        with Sandbox(choose_level()) as sandbox, Journal(folder) as journal:
            async with open_engine(plan.options.engine, model, 0, lambda text: None) as engine:
                await run(plan, Asker(engine, plan.options.engine), sandbox, journal)
            records = list(journal.records.values())
        return {
            job.entry.name.removeprefix("lm-eval:"): Ours(
                job, {each.sample: each for each in records if each.benchmark == job.entry.name}
            )
            for job in plan.jobs
        }

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(session(Path(folder)))


def planned(model: Model, mirror: Path, way: Way, context: int = 4096) -> Plan:
    engine = EngineSettings("transformers", "float32", context)
    names = tuple(f"lm-eval:{task}" for task in way.tasks)
    options = Options("m", "chat", benchmarks=names, settings=way.settings, engine=engine, data_dir=mirror)
    plan = make_plan(options, lambda: model)
    assert not plan.unavailable, plan.unavailable
    return plan


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mirror(tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def tiny(rows: Path, tiny_folder: Model) -> Both:
    return compared(tiny_folder, rows, WAYS, 1024)


def check_same(way: Way, reference: Theirs, mine: Mapping[str, Ours], tolerance: float = 1e-3) -> None:
    """Every text, every likelihood, every answer and every metric."""
    for task in way.tasks:
        check_same_requests(mine[task], reference.samples[task], way.chat, tolerance)
        told = {name: value for name, value in reference.results[task].items() if "," in name and "_stderr" not in name}
        found = dict(estimates(metrics_of(mine[task].job.benchmark), list(mine[task].records.values())))
        assert {name if "," in name else f"{name},none" for name in found} == set(told), task
        for name, estimate in found.items():
            assert estimate, f"{task} {name}"
            expected = told[name if "," in name else f"{name},none"]
            assert estimate.value == pytest.approx(expected, rel=tolerance, abs=1e-9), f"{task} {name}"


def check_same_requests(mine: Ours, samples: Mapping[int, Mapping[str, Any]], chat: bool, tolerance: float) -> None:
    assert len(mine.records) == len(samples) == ROWS
    for sample in mine.job.samples:
        answer, told = mine.records[sample.id].answer, samples[int(sample.id)]
        assert answer
        if not chat:
            assert texts(sample.prompt) == [list(map(str, each[:2])) for each in told["arguments"]] or texts(
                sample.prompt
            ) == [each[:1] for each in told["arguments"]]
        if isinstance(sample.prompt, FewShot):
            assert [answer.text] == told["responses"]
        elif isinstance(sample.prompt, Passage):
            assert list(answer.options) == pytest.approx(told["responses"], abs=10 * tolerance)
        else:
            assert list(answer.options) == pytest.approx([value for value, _ in told["responses"]], abs=tolerance)
            assert list(answer.greedy) == [greedy for _, greedy in told["responses"]]


def texts(prompt: Prompt) -> list[list[str]]:
    if isinstance(prompt, Likelihood):
        return [[plain(prompt.before(question)), option] for question, option in prompt.of_each]
    return [[prompt.text if isinstance(prompt, Passage) else plain(prompt.turns)]]  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize("name", WAYS)
def test_every_likelihood_answer_and_metric_is_lm_evals(name: str, tiny: Both) -> None:
    check_same(*tiny[name])


@pytest.mark.slow
def test_solved_examples_can_be_told_apart(tiny: Both) -> None:
    counts = {
        name: {task: {len(sample.prompt.shots) for sample in each.job.samples} for task, each in mine.items()}
        for name, (_, _, mine) in tiny.items()
        if WAYS[name].shots
    }
    assert counts == {name: {task: {WAYS[name].shots} for task in WAYS[name].tasks} for name in counts}


@pytest.mark.slow
def test_one_task_of_each_kind_with_smollm2(rows: Path) -> None:
    way = Way(("afrixnli_amh_prompt_1", "lambada_openai", "wikitext", "arc_challenge_chat"))
    for each in compared(locate("smollm2-135m"), rows, {"as defined": way}, 512).values():
        check_same(*each)


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_names_are_those_of_lm_evals_own_index() -> None:
    from lm_eval.tasks import TaskManager
    from lm_eval.tasks._index import Kind

    kinds = {Kind.TASK: "task", Kind.PY_TASK: "task", Kind.GROUP: "group", Kind.TAG: "tag"}
    folder = tasks_folder()
    expected = {
        name: Entry(
            kinds[each.kind],
            each.yaml_path.relative_to(folder).as_posix() if each.yaml_path else "",
            tuple(sorted(each.tags)) if each.kind is Kind.TAG else (),
        )
        for name, each in TaskManager().task_index.items()
    }
    assert len(expected) > 10_000
    assert scan(folder) == expected


def test_a_definition_holds_what_it_includes_and_names_functions() -> None:
    found = definition("mmlu_anatomy")
    assert found.path.name == "mmlu_anatomy.yaml"
    assert found.text("dataset_name") == "anatomy"
    assert found.text("fewshot_split") == "dev"
    assert definition("winogrande").text("doc_to_text") == "!function preprocess_winogrande.doc_to_text"


def test_names_are_found_without_lm_eval() -> None:
    """It takes seconds to import."""
    code = "import sys; from harness import catalog; catalog.benchmark('lm-eval:arc_easy'); "
    code += "print('lm_eval' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_kept_names_of_another_scan_are_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(lm_eval_names, "scan", lambda folder: {"one": Entry("task", "one.yaml")})
    assert dict(index.__wrapped__()) == {"one": Entry("task", "one.yaml")}
    monkeypatch.setattr(lm_eval_names, "scan", lambda folder: {})
    assert dict(index.__wrapped__()) == {"one": Entry("task", "one.yaml")}
    (kept,) = (tmp_path / "duo-model-evaluation").glob("lm-eval-*")
    kept.write_text("{")
    assert index.__wrapped__() == {}


@pytest.mark.parametrize(
    ("name", "said", "mend"),
    [
        ("arc_esy", 'unknown task of lm-eval "arc_esy"', 'did you mean "arc_easy"?'),
        ("", 'unknown task of lm-eval ""', "lm-eval ls tasks"),
        ("mmlu", "is a group of several tasks, each with a score of its own: mmlu_stem, ", "--benchmark lm-eval:mmlu_"),
        ("ai2_arc", "is a tag of several tasks, each with a score of its own: arc_challenge, arc_easy", "lm-eval:arc_"),
        ("humaneval", "runs the code that models write", "in the sandbox: mbpp, mbppplus, bigcodebench"),
        ("squadv2", "is a Python class that fetches its own data", "with lm-eval itself"),
        ("ruler_cwe", "makes its data by code of its own", "with lm-eval itself"),
        ("mmmu_val_art", "asks about pictures or sound", "with lm-eval itself"),
        ("gsm8k_cot_self_consistency", "asks each question 64 times to vote", "with lm-eval itself"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_a_way_to_mend_it(name: str, said: str, mend: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        catalog.benchmark(f"lm-eval:{name}")
    assert mend in caught.value.mend
    assert len(caught.value.mend) < 300
    assert "\n" not in caught.value.message


def test_without_lm_eval_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lm_eval_names, "find_spec", lambda name: None)
    with pytest.raises(NotInstalledError, match="needs lm_eval, which is not installed") as caught:
        tasks_folder.__wrapped__()
    assert caught.value.mend == 'pip install "duo-model-evaluation[lm-eval]"'


ARC_SPLITS = ("ARC-Easy/test", "ARC-Easy/train")


# -- data -------------------------------------------------------------------------------------------------------------


def test_rows_lie_where_the_catalog_has_them_else_under_the_repositorys_name() -> None:
    arc, copa = catalog.benchmark("lm-eval:arc_easy").data, catalog.benchmark("lm-eval:copa").data
    assert (arc.folder, arc.hub, arc.revision) == ("allenai/ai2_arc", "allenai/ai2_arc", "")
    assert dict(arc.files) == dict.fromkeys(ARC_SPLITS, "")
    known = catalog.benchmark("super-glue").data
    assert (copa.folder, copa.revision) == ("super_glue", known.revision)
    assert copa.files["copa/validation"] == known.files["copa/validation"] != ""
    files = catalog.benchmark("lm-eval:arithmetic_1dc").data
    assert (files.folder, list(files.arguments)) == ("lm-eval/arithmetic_1dc", ["data_files"])


def test_only_the_splits_that_are_needed_are_read(rows: Path, tmp_path: Path) -> None:
    folder = tmp_path / "allenai/ai2_arc/ARC-Easy"
    folder.mkdir(parents=True)
    (folder / "test.jsonl").write_bytes((rows / "allenai/ai2_arc/ARC-Easy/test.jsonl").read_bytes())
    entry = catalog.benchmark("lm-eval:arc_easy")
    source = DataSource(entry.name, entry.data, tmp_path)
    assert len(catalog.open_benchmark(entry, {}).load(source.read)) == ROWS
    with pytest.raises(UnavailableError, match="no mirror holds ARC-Easy/train of lm-eval:arc_easy") as caught:
        catalog.open_benchmark(entry, {"shots": "1"}).load(source.read)
    assert 'run "evaluate data pull lm-eval:arc_easy --data-dir MIRROR"' in caught.value.mend


def loaded(rows: Path, task: str, **settings: str) -> list[Sample]:
    entry = catalog.benchmark(f"lm-eval:{task}")
    return catalog.open_benchmark(entry, settings).load(DataSource(entry.name, entry.data, rows).read)


@pytest.mark.parametrize(
    ("task", "shots", "said"),
    [
        ("blimp_adjunct_island", "2", "is asked without solved examples by its own definition"),
        ("gsm8k", "9", "lm-eval cannot do gsm8k: ValueError: Sample larger than population"),
        ("gsm8k", "-1", "--set lm-eval:gsm8k.shots=-1"),
    ],
)
def test_examples_that_cannot_be_had_are_refused(rows: Path, task: str, shots: str, said: str) -> None:
    with pytest.raises(HarnessError, match=re.escape(said)):
        loaded(rows, task, shots=shots)


def test_code_of_a_task_downloads_nothing() -> None:
    def of_a_task() -> None:
        with as_lm_eval("a task"):
            datasets.load_dataset("org/rows", split="test")

    with pytest.raises(UnavailableError, match="it would download org/rows by itself"):
        of_a_task()
    assert datasets.load_dataset is datasets.load.load_dataset


def test_lm_evals_chance_leaves_that_of_others_alone() -> None:
    random.seed(7)
    before = random.getstate()
    with as_lm_eval("a task"):
        first = random.random()
    with as_lm_eval("a task"):
        assert random.random() == first
    assert random.getstate() == before


# -- prompts ----------------------------------------------------------------------------------------------------------


def test_a_question_with_examples_is_lead_shots_and_options(rows: Path) -> None:
    prompt = loaded(rows, "mmlu_anatomy", shots="2")[0].prompt
    assert isinstance(prompt, Likelihood)
    assert plain(prompt.lead) == "The following are multiple choice questions (with answers) about anatomy.\n\n"
    assert [plain(shot)[-12:] for shot in prompt.shots] == ["\nAnswer: A\n\n", "\nAnswer: B\n\n"]
    assert prompt.questions[0] is not None
    assert plain(prompt.questions[0]).endswith("\nAnswer:")
    assert prompt.options == (" A", " B", " C", " D")


def test_a_conversation_has_its_turns_and_no_space_before_options(rows: Path) -> None:
    prompt = loaded(rows, "mmlu_anatomy", shots="2", chat="true")[0].prompt
    assert isinstance(prompt, Likelihood)
    roles = [turn.role for turn in prompt.before(prompt.questions[0])]
    assert roles == ["system", *["user", "assistant"] * 2, "user"]
    assert prompt.options == ("A", "B", "C", "D")
    joined = loaded(rows, "mmlu_anatomy", shots="2", chat="true", multiturn="false")[0].prompt
    assert isinstance(joined, Likelihood)
    assert [turn.role for turn in joined.before(joined.questions[0])] == ["system", "user"]
    assert len(joined.shots) == 2


def test_options_with_questions_of_their_own(rows: Path) -> None:
    prompt = loaded(rows, "winogrande")[0].prompt
    assert isinstance(prompt, Likelihood)
    assert len({*prompt.questions}) == 2
    assert len({*prompt.options}) == 1


def test_a_task_that_wants_likelihoods_of_options_alone(rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """acc_mutual_info asks for each option with nothing before it, too."""
    from lm_eval.tasks import _yaml_loader

    load_yaml = _yaml_loader.load_yaml

    def with_mutual_information(path: Path, **more: Any) -> Any:
        metric = {"metric": "acc_mutual_info", "aggregation": "mean", "higher_is_better": True}
        return load_yaml(path, **more) | {"metric_list": [metric]}

    monkeypatch.setattr(_yaml_loader, "load_yaml", with_mutual_information)
    entry = catalog.benchmark("lm-eval:arc_easy")
    benchmark = catalog.open_benchmark(entry, {"shots": "2"})
    sample = benchmark.load(DataSource(entry.name, entry.data, rows).read)[0]
    assert isinstance(sample.prompt, Likelihood)
    assert [question is None for question in sample.prompt.questions] == [False] * 4 + [True] * 4
    assert len(sample.prompt.shots) == 2
    likely = [0.0] * 4 + [-9.0 if number == "ABCD".index(key(rows)) else -1.0 for number in range(4)]
    answer = Answer("", "length", 1, 1, 0.0, options=tuple(likely), greedy=(False,) * 8)
    assert asyncio.run(benchmark.score(sample, answer, Tools(never))).scores == {"acc_mutual_info": 1.0}


def key(rows: Path) -> str:
    return str(json.loads((rows / "allenai/ai2_arc/ARC-Easy/test.jsonl").read_text().splitlines()[0])["answerKey"])


async def never(*_: object) -> Any:
    raise AssertionError


# -- the whole command ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_runs_it_goes_on_and_sums_up(
    evaluate: Evaluate, rows: Path, tiny_model: Path, tmp_path: Path
) -> None:
    command = ("--model", tiny_model, "--feature", "chat", "--engine", "transformers", "--data-dir", rows)
    named = ("--benchmark", "lm-eval:cola", "--benchmark", "lm-eval:wikitext", "--json")
    shown = evaluate(*command, *named)
    assert shown.returncode == 0, shown.stderr
    told = {(row["benchmark"], row["metric"]): row for row in json.loads(shown.stdout)["rows"]}
    assert {name for _, name in told} == {"mcc", "word_perplexity", "byte_perplexity", "bits_per_byte"}
    assert told["lm-eval:cola", "mcc"]["version"] == f"1.0/{version('lm_eval')}"
    assert told["lm-eval:wikitext", "bits_per_byte"]["estimate"]["method"] == "normal-jackknife"
    (journal,) = tmp_path.glob("results/runs/*/*/*/records.jsonl")
    kept = journal.read_text()
    journal.write_text(kept[: kept.index("\n", len(kept) // 2) + 1])
    assert json.loads(evaluate(*command, *named).stdout)["rows"] == [
        {**row, "seconds": pytest.approx(row["seconds"], abs=1e9)} for row in told.values()
    ]
    assert len(journal.read_text().splitlines()) == 2 * ROWS


def test_without_data_the_command_names_the_pull(evaluate: Evaluate, tiny_model: Path) -> None:
    command = (
        "--model",
        tiny_model,
        "--feature",
        "chat",
        "--engine",
        "transformers",
        "--benchmark",
        "lm-eval:arc_easy",
    )
    shown = evaluate(*command)
    assert shown.returncode == 3, shown.stderr
    assert "evaluate data pull lm-eval:arc_easy" in shown.stdout
    shown = evaluate("data", "list", "lm-eval:arc_easy")
    assert [line.split()[1] for line in shown.stdout.splitlines() if "not here" in line] == list(ARC_SPLITS)
