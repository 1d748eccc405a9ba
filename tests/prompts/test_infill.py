"""Fill-in-the-middle: which family a model belongs to, and each family's text to the letter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.catalog import infill_format, infill_formats
from harness.prompts.infill import CURSOR, as_chat, matching
from harness.records import Infill

TEXT = st.one_of(
    st.sampled_from(["", "{", "}", "{}", "{prefix}", "{suffix}", "{0}", "%s", "{{", "\\", "é🦊"]), st.text()
)
FAMILIES = {  # what stands before the prefix, between the two, and after the suffix; source: ../facts/fim_formats.json
    "codellama": ("<PRE> ", " <SUF>", " <MID>"),
    "codegemma": ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    "qwen-coder": ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    "deepseek-coder": (
        "<\uff5cfim\u2581begin\uff5c>",
        "<\uff5cfim\u2581hole\uff5c>",
        "<\uff5cfim\u2581end\uff5c>",
    ),
    "starcoder": ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    "codeqwen": ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    "granite-code": ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    "santacoder": ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
    "stable-code": ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
}
MODELS = {
    "Qwen/Qwen2.5-Coder-7B-Instruct": "qwen-coder",
    "Qwen/Qwen2.5-Coder-32B": "qwen-coder",
    "Qwen/Qwen3-Coder-30B-A3B-Instruct": "qwen-coder",
    "/models/qwen2.5-coder-0.5b/": "qwen-coder",
    "Qwen/CodeQwen1.5-7B": "codeqwen",
    "deepseek-ai/deepseek-coder-6.7b-base": "deepseek-coder",
    "deepseek-ai/DeepSeek-Coder-V2-Lite-Base": "deepseek-coder",
    "bigcode/starcoder2-7b": "starcoder",
    "bigcode/starcoder2-15b": "starcoder",
    "bigcode/starcoder": "starcoder",
    "bigcode/starcoderbase-1b": "starcoder",
    "bigcode/santacoder": "santacoder",
    "codellama/CodeLlama-7b-hf": "codellama",
    "codellama/CodeLlama-13b-hf": "codellama",
    "codellama/CodeLlama-13b-Instruct-hf": "codellama",
    "google/codegemma-7b": "codegemma",
    "google/codegemma-2b": "codegemma",
    "google/codegemma-1.1-2b": "codegemma",
    "mistralai/Codestral-22B-v0.1": "codestral",
    "codestral-2501": "codestral",
    "codestral-2508": "codestral",
    "ibm-granite/granite-8b-code-base-4k": "granite-code",
    "ibm-granite/granite-34b-code-base": "granite-code",
    "stabilityai/stable-code-3b": "stable-code",
}
BY_CHAT = [
    "google/codegemma-7b-it",
    "google/codegemma-1.1-7b-it",
    "codellama/CodeLlama-34b-hf",
    "codellama/CodeLlama-34b-Instruct-hf",
    "codellama/CodeLlama-7b-Python-hf",
    "codellama/CodeLlama-13b-Python-hf",
    "bigcode/starcoder2-15b-instruct-v0.1",
    "HuggingFaceTB/SmolLM2-135M-Instruct",
    "meta-llama/Llama-3.1-8B-Instruct",
    "mistralai/Mistral-7B-Instruct-v0.3",
    "mistralai/Mixtral-8x7B-Instruct-v0.1",
    "mistralai/Mamba-Codestral-7B-v0.1",
    "Qwen/Qwen2.5-7B-Instruct",
    "ibm-granite/granite-8b-code-instruct-4k",
    "stabilityai/stable-code-instruct-3b",
    "deepseek-ai/deepseek-llm-7b-chat",
    "openai/gpt-oss-20b",
    "google/gemma-2-9b-it",
    "gpt-4o",
    "",
]


def test_every_family_is_tested_here() -> None:
    assert set(infill_formats()) == {*FAMILIES, "codestral"}
    assert set(MODELS.values()) == set(infill_formats())


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=30)
@given(prefix=TEXT, suffix=TEXT)
def test_a_familys_text_holds_prefix_and_suffix_as_they_are(family: str, prefix: str, suffix: str) -> None:
    before, between, after = FAMILIES[family]
    text = infill_formats()[family].text(Infill(prefix, suffix, "a.py", "python"))
    assert text == before + prefix + between + suffix + after


@given(prefix=TEXT, suffix=TEXT)
def test_codestral_has_the_suffix_first_and_nothing_for_the_middle(prefix: str, suffix: str) -> None:
    assert infill_formats()["codestral"].text(Infill(prefix, suffix)) == f"[SUFFIX]{suffix}[PREFIX]{prefix}"


@pytest.mark.parametrize("family", [*FAMILIES, "codestral"])
def test_a_familys_own_tokens_end_its_answer(family: str) -> None:
    form = infill_formats()[family]
    tokens = ("[PREFIX]", "[SUFFIX]") if family == "codestral" else tuple(map(str.strip, FAMILIES[family]))
    assert set(tokens) <= set(form.stop)
    assert all(stop.strip() for stop in form.stop)
    assert not any(end in form.template for end in ("<s>", "<bos>", "<|endoftext|>")), "the tokenizer puts them"


@pytest.mark.parametrize(("model", "family"), MODELS.items())
def test_a_model_belongs_to_its_family(model: str, family: str) -> None:
    found = infill_format(model)
    assert found is not None
    assert found.name == family
    assert infill_format(model.upper()) == found


@pytest.mark.parametrize("model", BY_CHAT)
def test_a_model_not_trained_to_infill_is_asked_by_chat(model: str) -> None:
    assert infill_format(model) is None
    assert infill_format(model.lower()) is None


def test_another_name_of_the_model_tells_its_family_too() -> None:
    found = infill_format("snapshot-0123", "bigcode/starcoder2-7b")
    assert found is not None
    assert found.name == "starcoder"
    assert matching("bigcode/starcoder2-7b", []) is None


@given(prefix=TEXT, suffix=TEXT)
def test_a_chat_shows_the_whole_file_with_the_cursor_marked(prefix: str, suffix: str) -> None:
    system, user = as_chat(Infill(prefix, suffix, "src/a.py", "python"))
    assert (system.role, user.role) == ("system", "user")
    assert user.content == f"File src/a.py:\n```python\n{prefix}{CURSOR}{suffix}\n```"
    assert as_chat(Infill(prefix, suffix))[1].content == f"```\n{prefix}{CURSOR}{suffix}\n```"
