"""Fill-in-the-middle: which family a model belongs to, and each family's text to the letter."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.catalog import infill_family, infill_format, infill_formats
from harness.errors import UnknownNameError
from harness.prompts.infill import CURSOR, Sentinel, as_chat, matching
from harness.records import File, Infill, Message

TEXT = st.one_of(
    st.sampled_from(["", "{", "}", "{}", "{prefix}", "{suffix}", "{0}", "%s", "{{", "\\", "é🦊"]), st.text()
)
FIM = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
LOW_LINES = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
FAMILIES = {  # what stands before the prefix, between the two, and after the suffix; source: ../facts/fim_formats.json
    "codellama": ("<PRE> ", " <SUF>", " <MID>"),
    "codegemma": FIM,
    "qwen-coder": FIM,
    "qwen3-coder": FIM,
    "deepseek-coder": (
        "<\uff5cfim\u2581begin\uff5c>",
        "<\uff5cfim\u2581hole\uff5c>",
        "<\uff5cfim\u2581end\uff5c>",
    ),
    "starcoder2": LOW_LINES,
    "starcoder": LOW_LINES,
    "codeqwen": LOW_LINES,
    "granite-code": LOW_LINES,
    "granite-4": FIM,
    "santacoder": ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
    "stable-code": LOW_LINES,
}
SUFFIX_FIRST = {  # what stands before the suffix, between the two, and after the prefix
    "codestral": ("[SUFFIX]", "[PREFIX]", ""),
    "codegeex4": (
        "###PATH:a.py\n###LANGUAGE:python\n###MODE:BLOCK\n<|code_suffix|>",
        "<|code_prefix|>",
        "<|code_middle|>",
    ),
}
MODELS = {
    "Qwen/Qwen2.5-Coder-7B-Instruct": "qwen-coder",
    "Qwen/Qwen2.5-Coder-32B": "qwen-coder",
    "Qwen/Qwen3-Coder-30B-A3B-Instruct": "qwen3-coder",
    "/models/qwen2.5-coder-0.5b/": "qwen-coder",
    "Qwen/CodeQwen1.5-7B": "codeqwen",
    "deepseek-ai/deepseek-coder-6.7b-base": "deepseek-coder",
    "deepseek-ai/DeepSeek-Coder-V2-Lite-Base": "deepseek-coder",
    "bigcode/starcoder2-7b": "starcoder2",
    "bigcode/starcoder2-15b": "starcoder2",
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
    "ibm-granite/granite-4.0-h-small": "granite-4",
    "stabilityai/stable-code-3b": "stable-code",
    "THUDM/codegeex4-all-9b": "codegeex4",
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
    assert set(infill_formats()) == {*FAMILIES, *SUFFIX_FIRST}
    assert set(MODELS.values()) == set(infill_formats())


@pytest.mark.parametrize("family", [*FAMILIES, *SUFFIX_FIRST])
@settings(max_examples=30)
@given(prefix=TEXT, suffix=TEXT)
def test_a_familys_text_holds_prefix_and_suffix_as_they_are(family: str, prefix: str, suffix: str) -> None:
    before, between, after = FAMILIES.get(family) or SUFFIX_FIRST[family]
    first, second = (prefix, suffix) if family in FAMILIES else (suffix, prefix)
    assert infill_formats()[family].as_text(Infill(prefix, suffix, "a.py", "python")) == (
        before + first + between + second + after,
        0,
    )


@pytest.mark.parametrize("family", infill_formats())
@settings(max_examples=30)
@given(prefix=TEXT, suffix=TEXT)
def test_tokens_and_texts_are_apart_and_make_the_same_whole(family: str, prefix: str, suffix: str) -> None:
    form = infill_formats()[family]
    pieces = form.pieces(Infill(prefix, suffix, "a.py", "python"))
    assert [piece.token for piece in pieces if isinstance(piece, Sentinel)] == [
        token
        for token in ((form.prefix, form.suffix) if form.order == "PSM" else (form.suffix, form.prefix))
        + (form.middle,)
        if token
    ]
    assert "".join(piece for piece in pieces if isinstance(piece, str)).endswith(
        prefix + suffix if form.order == "PSM" else suffix + prefix
    )


@pytest.mark.parametrize("family", infill_formats())
def test_a_familys_own_tokens_end_its_answer(family: str) -> None:
    form = infill_formats()[family]
    assert {token.lstrip("\u2581") for token in form.sentinels()} <= set(form.stop)
    assert all(stop.strip() for stop in form.stop)
    assert not any(end in form.prefix + form.begin + form.text for end in ("<s>", "<bos>")), "the tokenizer puts them"


@pytest.mark.parametrize("family", infill_formats())
def test_a_word_of_the_code_that_looks_like_a_token_is_broken_up_in_a_text(family: str) -> None:
    form = infill_formats()[family]
    words = [token.lstrip("\u2581") for token in form.sentinels()]
    clean = Infill("a = ", "\n", "a.py", "python")
    text, broken = form.as_text(replace(clean, prefix=f"a = '{words[-1]}", suffix=f"{words[0]}'\n"))
    assert broken == 2
    for word in words:
        assert text.count(word) == form.as_text(clean)[0].count(word)
    assert text.replace("\u200b", "").count(words[0]) == text.count(words[0]) + 1 + (len(words) == 1)


OTHERS = (File("lib/b.py", "B = 1"), File("c.py", "C = 2\n"))
WITH_FILES = {
    "codestral": "[SUFFIX]S[PREFIX]+++++ lib/b.py\nB = 1\n\n+++++ c.py\nC = 2\n\n+++++ a.py\nP",
    "codegemma": "lib/b.py\nB = 1\n<|file_separator|>c.py\nC = 2\n<|file_separator|>a.py\n"
    "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "qwen-coder": "<|repo_name|>app\n<|file_sep|>lib/b.py\nB = 1\n<|file_sep|>c.py\nC = 2\n<|file_sep|>a.py\n"
    "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>",
    "deepseek-coder": "<\uff5cfim\u2581begin\uff5c>#lib/b.py\nB = 1\n#c.py\nC = 2\n#a.py\nP<\uff5cfim\u2581hole\uff5c>S"
    "<\uff5cfim\u2581end\uff5c>",
    "starcoder2": "<repo_name>app<file_sep>lib/b.py\nB = 1\n<file_sep>c.py\nC = 2\n<file_sep>"
    "<fim_prefix>a.py\nP<fim_suffix>S<fim_middle>",
    "starcoder": "<reponame>app<filename>lib/b.py\nB = 1\n<filename>c.py\nC = 2\n<filename>a.py\n"
    "<fim_prefix>P<fim_suffix>S<fim_middle>",
    "codeqwen": "<reponame>app\n<file_sep>lib/b.py\nB = 1\n<file_sep>c.py\nC = 2\n<file_sep>a.py\n"
    "<fim_prefix>P<fim_suffix>S<fim_middle>",
    "codegeex4": "###REFERENCE:\n###PATH:lib/b.py\nB = 1\n###REFERENCE:\n###PATH:c.py\nC = 2\n"
    "###PATH:a.py\n###LANGUAGE:python\n###MODE:BLOCK\n<|code_suffix|>S<|code_prefix|>P<|code_middle|>",
}
AS_ANOTHER = {"qwen3-coder": "qwen-coder", "granite-code": "starcoder"}


@pytest.mark.parametrize("family", infill_formats())
def test_other_files_stand_where_the_family_has_them(family: str) -> None:
    form = infill_formats()[family]
    place = Infill("P", "S", "a.py", "python", OTHERS, "app")
    expected = WITH_FILES.get(AS_ANOTHER.get(family, family), form.as_text(replace(place, files=()))[0])
    assert form.as_text(place)[0] == expected
    assert bool(form.files) == ("lib/b.py" in expected)


def test_a_repository_without_a_name_is_not_named() -> None:
    text, _ = infill_formats()["qwen-coder"].as_text(Infill("P", "S", "a.py", "python", OTHERS))
    assert text.startswith("<|file_sep|>lib/b.py\n")


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
    assert found.name == "starcoder2"
    assert matching("bigcode/starcoder2-7b", []) is None


def test_a_run_may_name_the_family() -> None:
    found = infill_family("qwen-coder")
    assert found is not None
    assert found.name == "qwen-coder"
    assert infill_family("none") is None
    with pytest.raises(UnknownNameError, match=r'unknown infill family "qwen"'):
        infill_family("qwen")


@given(prefix=TEXT, suffix=TEXT)
def test_a_chat_shows_the_whole_file_with_the_cursor_marked(prefix: str, suffix: str) -> None:
    system, user = as_chat(Infill(prefix, suffix, "src/a.py", "python", instruction="Complete it."))
    assert (system, user.role) == (Message("system", "Complete it."), "user")
    found = re.fullmatch(r"File src/a\.py:\n(`+)(.*)", user.content, re.DOTALL)
    assert found
    fence = found[1]
    assert found[2] == f"python\n{prefix}{CURSOR}{suffix}\n{fence}"
    assert fence not in prefix + suffix
    assert len(as_chat(Infill(prefix, suffix))) == 1


def test_a_chat_shows_other_files_first_each_in_a_fence_of_its_own() -> None:
    _, user = as_chat(Infill("P", "S", "a.py", "python", (File("b.md", "```\nB\n```\n"),), instruction="x"))
    assert user.content == f"File b.md:\n````\n```\nB\n```\n\n````\n\nFile a.py:\n```python\nP{CURSOR}S\n```"
