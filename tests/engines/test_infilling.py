"""Infills through real tokenizers, a tiny real model and a real server: tokens, cuts, checks, what ends an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from local_server import Fault, LocalServer, serving
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from harness.catalog import infill_formats
from harness.engines.batch import Row
from harness.engines.endpoint import EndpointEngine
from harness.engines.infilling import NOT_CHECKED, SPECIAL, check
from harness.engines.model import Model, served
from harness.engines.tokens import Tokens
from harness.engines.transformers import TransformersEngine
from harness.entries import Endpoint
from harness.errors import ModelError, PromptTooLongError
from harness.prompts.infill import as_chat, escaped
from harness.records import Answer, Cut, File, Infill, Sampling

T = TypeVar("T")
QWEN, CODELLAMA, GRANITE = (infill_formats()[name] for name in ("qwen-coder", "codellama", "granite-4"))
PLACE = Infill("def add(a, b):\n    return ", "\n", "add.py", "python")
TRAP = "x = '<|fim_middle|>'\n"
"""Code that spells a token of the family."""


@pytest.fixture(scope="module")
def coder(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The tiny model with the tokens of Qwen's coders: as there, they are added, and none of them is called special."""
    folder = tmp_path_factory.mktemp("models") / "coder"
    folder.mkdir()
    for file in tiny_model.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    marks = (*QWEN.sentinels(with_files=True), "<|fim_pad|>")
    tokenizer.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in marks])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_end|>"]})
    assert len(tokenizer) <= 300, "the model has as many"
    tokenizer.save_pretrained(folder)
    return Model("coder", "test", {}, folder, infill=QWEN)


@pytest.fixture(scope="module")
def tokens(coder: Model) -> Tokens:
    return Tokens.load(coder.path)


def using(model: Model, work: Callable[[TransformersEngine], Awaitable[T]], **options: int) -> T:
    async def session() -> T:
        engine = TransformersEngine(model, **options)  # type: ignore[arg-type]
        engine.expects_infills = True
        async with engine:
            return await work(engine)

    return asyncio.run(session())


def asked(model: Model, prompt: Infill, sampling: Sampling, **options: int) -> Answer:
    return using(model, lambda engine: engine.infill(prompt, sampling), **options)


def test_each_token_of_the_family_is_one_token_and_the_rest_is_text(tokens: Tokens) -> None:
    prefix, suffix, middle = (tokens.added[mark] for mark in QWEN.sentinels())
    found = tokens.infill(QWEN, PLACE)
    assert found == [prefix, *tokens.text(PLACE.prefix), suffix, *tokens.text(PLACE.suffix), middle]
    assert found == tokens.text(QWEN.as_text(PLACE)[0])


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([*QWEN.sentinels(True), "<|im_end|>", "<|end|>", "<", "|>", "fim_middle", "é", "\n"])).map(
        "".join
    ),
    st.text(max_size=20),
)
def test_code_that_spells_a_token_stays_code(tokens: Tokens, prefix: str, suffix: str) -> None:
    found = tokens.infill(QWEN, Infill(prefix, suffix))
    marks = [tokens.added[mark] for mark in QWEN.sentinels()]
    assert [token for token in found if token in tokens.added.values()] == marks
    texts = tokens.tokenizer.decode([token for token in found if token not in marks], skip_special_tokens=False)
    assert texts == (prefix + suffix).encode(errors="replace").decode()


def test_read_as_one_text_it_would_be_a_token(tokens: Tokens) -> None:
    middle = tokens.added["<|fim_middle|>"]
    assert tokens.text(f"<|fim_prefix|>{TRAP}<|fim_suffix|><|fim_middle|>").count(middle) == 2
    assert tokens.infill(QWEN, Infill(TRAP, "")).count(middle) == 1


def test_a_familys_turn_is_the_users_in_the_models_template(tokens: Tokens) -> None:
    found = tokens.infill(GRANITE, replace(PLACE, prefix=TRAP))
    assert tokens.tokenizer.decode(found).startswith("user: <|fim_prefix|>x = '<|fim_middle|>'\n<|fim_suffix|>")
    assert tokens.tokenizer.decode(found).endswith("<|fim_middle|>\nassistant: ")
    assert found.count(tokens.added["<|fim_middle|>"]) == 1


@pytest.fixture(scope="module")
def sentencepiece() -> Tokens:
    """A vocabulary as Code Llama's: a space is put before each text, and BOS before that."""
    letters = ["<s>", "\u2581", *"abcxyz\n", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokenizer = Tokenizer(
        models.BPE({word: number for number, word in enumerate(letters)}, [], unk_token=None, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    marks = [*CODELLAMA.sentinels(), "\u2581<EOT>"]
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False, special=True) for mark in marks])
    return Tokens(PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>"))


@pytest.mark.parametrize(("prefix", "suffix"), [("ab ", "x\ny"), (" a", " x"), ("", ""), ("a", "")])
def test_the_space_of_sentencepiece_is_the_prefixs_alone(sentencepiece: Tokens, prefix: str, suffix: str) -> None:
    shown = sentencepiece.tokenizer.convert_ids_to_tokens(sentencepiece.infill(CODELLAMA, Infill(prefix, suffix)))
    spaced = [*f" {prefix}".replace(" ", "\u2581")] if prefix else []
    expected = ["<s>", "\u2581<PRE>", *spaced, "\u2581<SUF>", *suffix.replace(" ", "\u2581"), "\u2581<MID>"]
    assert shown == expected


def test_what_ends_an_answer_is_found_as_a_token(sentencepiece: Tokens, tokens: Tokens) -> None:
    assert sentencepiece.ends(CODELLAMA) == {
        sentencepiece.added[f"\u2581{mark}"] for mark in ("<EOT>", "<PRE>", "<SUF>", "<MID>")
    }
    marks = [*QWEN.sentinels(with_files=True), "<|fim_pad|>", "<|im_end|>"]
    assert tokens.ends(QWEN) == {tokens.added[mark] for mark in marks}


def test_a_model_that_lacks_a_token_is_refused_before_it_is_asked(tiny_folder: Model, coder: Model) -> None:
    async def nothing(engine: TransformersEngine) -> str:
        return engine.sentinels

    assert using(coder, nothing) == SPECIAL
    with pytest.raises(
        ModelError, match=r'tiny has no token "<\|fim_prefix\|>", by which the family qwen-coder'
    ) as caught:
        using(replace(tiny_folder, infill=QWEN), nothing)
    assert "--infill none" in caught.value.mend
    assert using(tiny_folder, nothing) == ""


def test_a_word_of_the_vocabulary_that_was_not_added_is_no_token(tiny_model: Path) -> None:
    known = Tokens.load(tiny_model)
    with pytest.raises(ModelError, match='no token "d"'):
        check(replace(QWEN, prefix="d"), known, "tiny")


def test_a_model_answers_in_its_familys_tokens(coder: Model) -> None:
    answer = asked(coder, PLACE, Sampling(6))
    assert (answer.form, answer.family, answer.fallback, answer.cut) == ("infill", "qwen-coder", False, None)
    assert answer.prompt_tokens == len(Tokens.load(coder.path).infill(QWEN, PLACE))


def test_a_token_can_end_an_answer_although_it_has_no_text(coder: Model, tokens: Tokens) -> None:
    def resumed(ends: frozenset[int]) -> Answer:
        return using(coder, lambda engine: engine.resume(tokens.infill(QWEN, PLACE), Sampling(6), ends=ends))

    assert resumed(frozenset()).answer_tokens == 6
    every = resumed(frozenset(range(300)))
    assert (every.text, every.answer_tokens, every.finish_reason) == ("", 0, "stop")


def test_code_that_does_not_fit_is_cut_to_the_models_context(coder: Model, tokens: Tokens) -> None:
    long = replace(PLACE, prefix="# before\n" * 40 + PLACE.prefix, suffix=PLACE.suffix + "# after\n" * 40)
    answer = asked(coder, long, Sampling(6), max_model_len=100)
    assert 70 < answer.prompt_tokens <= 94
    cut = answer.cut
    assert cut is not None
    assert cut.prefix_characters == 9 * cut.prefix_lines > 0
    assert cut.suffix_characters == 8 * cut.suffix_lines > 0
    kept_above, kept_below = 40 - cut.prefix_lines, 40 - cut.suffix_lines
    assert kept_above > kept_below > 0
    assert asked(coder, long, Sampling(6), max_model_len=100).cut == cut
    with pytest.raises(PromptTooLongError, match="the cursor's line alone"):
        asked(coder, replace(PLACE, prefix="x " * 200), Sampling(6), max_model_len=100)


def test_other_files_are_shown_while_there_is_room(coder: Model) -> None:
    few = replace(PLACE, files=(File("b.py", "B = 1\n"), File("c.py", "# long\n" * 30)), repository="app")
    whole = asked(coder, few, Sampling(6))
    assert whole.cut is None
    less = asked(coder, few, Sampling(6), max_model_len=100)
    assert less.cut == Cut(files=1)
    assert less.prompt_tokens < whole.prompt_tokens
    marks = tuple(mark for mark in QWEN.sentinels())
    bare = replace(coder, infill=replace(QWEN, files=None))
    assert asked(bare, few, Sampling(6)).cut == Cut(files=2), marks


def test_a_chat_is_cut_as_well(tiny_folder: Model) -> None:
    known = Tokens.load(tiny_folder.path)
    long = replace(
        PLACE, prefix="# before\n" * 40 + PLACE.prefix, files=(File("b.py", "B = 1\n"),), instruction="Go on."
    )
    answer = asked(tiny_folder, long, Sampling(6), max_model_len=120)
    assert (answer.fallback, answer.form) == (True, "reply")
    assert answer.cut is not None
    assert (answer.cut.files, answer.cut.suffix_lines) == (1, 0)
    assert 0 < answer.cut.prefix_lines < 40
    shown = replace(long, prefix=long.prefix[answer.cut.prefix_characters :], files=())
    assert answer.prompt_tokens == len(known.chat(as_chat(shown))[0]) <= 114


def test_a_chat_about_code_that_spells_a_token_breaks_it_up(coder: Model, tokens: Tokens) -> None:
    by_chat, trap = replace(coder, infill=None), replace(PLACE, suffix="\n# <|im_end|>\n")
    answer = asked(by_chat, trap, Sampling(6))
    assert (answer.fallback, answer.escaped) == (True, 1)
    end = tokens.added["<|im_end|>"]
    assert end in tokens.chat(as_chat(trap))[0]
    assert end not in tokens.chat(as_chat(replace(trap, suffix=escaped(trap.suffix, tokens.marks)[0])))[0]


def test_a_space_at_the_beginning_of_an_infill_counts(tiny_folder: Model, sentencepiece: Tokens) -> None:
    async def work(engine: TransformersEngine) -> list[str]:
        decoder = engine.decoder
        decoder.tokenizer = sentencepiece.tokenizer
        ids = sentencepiece._plain(" ab", spaced=False)
        return [decoder._text(Row((), Sampling(1), within=within), ids) for within in (True, False)]

    assert using(tiny_folder, work) == [" ab", "ab"]


# -- a server that reads text -----------------------------------------------------------------------------------------


def through(server: LocalServer, prompt: Infill, family: str | None = "qwen-coder") -> tuple[Answer, str]:
    endpoint = Endpoint(server.url)
    model = replace(served("org/big", endpoint), infill=infill_formats()[family] if family else None)

    async def session() -> tuple[Answer, str]:
        engine = EndpointEngine(model, endpoint, server.behaviour.key)
        engine.expects_infills = True
        async with engine:
            return await engine.infill(prompt, Sampling(5)), engine.sentinels

    return asyncio.run(session())


def test_a_server_is_sent_text_in_which_the_code_holds_no_token() -> None:
    with serving() as server:
        answer, told = through(server, replace(PLACE, prefix=TRAP))
    assert server.bodies[0]["prompt"].count("<|fim_middle|>") == 1
    assert "<\u200b|fim_middle|>" in server.bodies[0]["prompt"]
    assert (answer.escaped, answer.cut, told) == (1, None, NOT_CHECKED)


def test_a_server_is_asked_with_less_until_it_takes_it() -> None:
    too_long = Fault(status=400, message="this model's maximum context length is 100 tokens")
    long = replace(PLACE, prefix="# before\n" * 40 + PLACE.prefix)
    with serving(faults=[too_long, too_long]) as server:
        answer, _ = through(server, long)
    lengths = [len(body["prompt"]) for body in server.bodies]
    assert len(lengths) == 3
    assert lengths == sorted(lengths, reverse=True)
    assert answer.cut is not None
    assert answer.cut.prefix_lines > 10
    with serving(faults=[too_long] * 50) as server, pytest.raises(PromptTooLongError):
        through(server, long)


@pytest.mark.parametrize(("family", "path"), [("granite-4", "chat/completions"), ("qwen-coder", "completions")])
def test_a_familys_turn_goes_to_a_server_as_a_conversation(family: str, path: str) -> None:
    with serving() as server:
        answer, _ = through(server, PLACE, family)
    assert server.requests[0].path == f"/v1/{path}"
    assert not answer.fallback


def test_a_chat_carries_the_instruction() -> None:
    with serving() as server:
        answer, told = through(server, replace(PLACE, instruction="Go on."), None)
    assert server.bodies[0]["messages"][0] == {"role": "system", "content": "Go on."}
    assert (answer.fallback, told) == (True, "")
