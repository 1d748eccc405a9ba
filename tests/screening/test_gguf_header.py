"""Headers of GGUF files: what is wanted is found, and whatever else a file holds is an error of one kind."""

import pickle
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_folders import gguf

from harness.screening.gguf_header import BadGgufError, read_texts

TEXTS = {"general.license": "mit", "tokenizer.chat_template": "{{ messages }}", "general.name": "Tiny"}
SOUND = gguf(TEXTS)


def test_licence_and_templates_are_found_and_all_else_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(SOUND + b"tensors")
    assert read_texts(tmp_path / "model.gguf", 1000) == {key: TEXTS[key] for key in TEXTS if key != "general.name"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(SOUND)), st.integers(0, len(SOUND)), st.binary(max_size=16))
def test_a_spoilt_header_is_read_or_bad_and_nothing_else(tmp_path: Path, start: int, end: int, instead: bytes) -> None:
    (tmp_path / "model.gguf").write_bytes(SOUND[: min(start, end)] + instead + SOUND[max(start, end) :])
    with suppress(BadGgufError):
        read_texts(tmp_path / "model.gguf", 1000)


def test_a_text_longer_than_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(gguf({"tokenizer.chat_template": "x" * 2000}))
    with pytest.raises(BadGgufError, match="2000 bytes"):
        read_texts(tmp_path / "model.gguf", 1000)


def test_another_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(pickle.dumps([1]))
    with pytest.raises(BadGgufError, match="does not begin"):
        read_texts(tmp_path / "model.gguf", 1000)
