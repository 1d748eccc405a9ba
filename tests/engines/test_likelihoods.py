"""Likelihoods of given texts, and texts that begin with solved examples, through a real, tiny model."""

import asyncio
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
from test_tokens import shown, tokens
from test_transformers import using

from harness.engines import batch
from harness.engines.anthropic import AnthropicEngine
from harness.engines.base import Engine, ask
from harness.engines.batch import likelihood_tokens
from harness.engines.model import Model, served
from harness.engines.tokens import Tokens
from harness.engines.transformers import TransformersEngine
from harness.entries import Endpoint
from harness.errors import PromptTooLongError, UnavailableError, UsageError
from harness.records import Answer, FewShot, Likelihood, Message, Passage, Prompt, Sampling, Turns

HEADER = "def add(first, second):\n    return first + second\n\n"


def user(text: str) -> Turns:
    return (Message("user", text),)


QUESTION = user("def add(first, second):\n")
PROMPTS = [
    Likelihood((), (), (QUESTION,) * 3, ("    return first", "    return first + second", "pass")),
    Likelihood(user("lead\n"), (user(HEADER),) * 3, (user("one"), user("another ")), (" first", "first")),
    Likelihood(user("lead\n"), (), (QUESTION, None), ("    return", "    return")),
    Likelihood((), (), (user(""),) * 2, ("first", "def add")),
    Likelihood((), (), (user("say it"),), ("so",), chat=True),
    Likelihood((), (), ((*user("say it"), Message("assistant", "it is")),), (" so",), chat=True),
]


def rows(engine: TransformersEngine, before: list[int], after: list[int]) -> list[tuple[float, bool]]:
    """Each token's log-probability and whether it is the likeliest, by one pass of the whole text."""
    with torch.inference_mode():
        logits = engine.model(torch.tensor([before + after])).logits[0].float()[len(before) - 1 : -1]
    found = torch.log_softmax(logits, -1)
    return [(float(row[token]), int(row.argmax()) == token) for row, token in zip(found, after, strict=True)]


async def check_exact(engine: TransformersEngine, prompt: Likelihood) -> Answer:
    answer = await engine.likelihood(prompt)
    for number, (before, after) in enumerate(engine.tokens.likelihood(prompt)):
        told = rows(engine, before, after)
        assert answer.options[number] == pytest.approx(sum(value for value, _ in told), abs=1e-4)
        assert answer.greedy[number] == all(same for _, same in told)
    return answer


def test_all_at_once_are_as_likely_as_one_pass_of_the_text_finds(tiny_folder: Model) -> None:
    using(tiny_folder, lambda engine: asyncio.gather(*(check_exact(engine, prompt) for prompt in PROMPTS)))


def test_what_the_model_would_write_is_greedy(tiny_folder: Model) -> None:
    async def work(engine: TransformersEngine) -> Answer:
        written = engine.tokens.text("def add")
        for _ in range(3):
            with torch.inference_mode():
                written.append(int(engine.model(torch.tensor([written])).logits[0, -1].argmax()))
        text = engine.tokens.tokenizer.decode(written)
        assert engine.tokens.text(text) == written
        option = text.removeprefix("def add")
        return await check_exact(engine, Likelihood((), (), (user("def add"),) * 2, (option, f"{option}x")))

    assert using(tiny_folder, work).greedy == (True, False)


def test_a_long_option_is_read_in_pieces(tiny_folder: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    assert likelihood_tokens(50_000) * 50_000 * 4 < batch.LOGITS_BYTES
    monkeypatch.setattr(batch, "likelihood_tokens", lambda vocabulary: 7)
    kept: list[int] = []

    async def work(engine: TransformersEngine) -> None:
        forward = engine.decoder._forward

        def watched(ids: torch.Tensor, mask: torch.Tensor, cache: object, keep: int = 1) -> torch.Tensor:
            kept.append(keep)
            return forward(ids, mask, cache, keep)  # type: ignore[arg-type]

        engine.decoder._forward = watched  # type: ignore[method-assign]
        for length in range(6, 25):
            await check_exact(engine, Likelihood((), (), (QUESTION,), ("x" * length,)))

    using(tiny_folder, work)
    assert max(kept) <= 8


def test_a_passage_is_read_in_windows(tiny_folder: Model) -> None:
    text = HEADER * 18

    async def work(engine: TransformersEngine) -> None:
        ids = [engine.tokens.tokenizer.eos_token_id, *engine.tokens.text(text)]
        answer = await ask(engine, Passage(text), Sampling(1))
        expected, at = 0.0, 0
        while at + 1 < len(ids):
            end = min(at + 100, len(ids) - 1)
            start = max(0, end - 100)
            expected += sum(value for value, _ in rows(engine, ids[start : at + 1], ids[at + 1 : end + 1]))
            at = end
        assert len(ids) > 200
        assert answer.options == pytest.approx((expected,), abs=1e-3)
        assert (answer.prompt_tokens, answer.answer_tokens) == (len(ids), 0)
        assert (await engine.passage(Passage(""))).options == (0.0,)

    using(tiny_folder, work, max_model_len=100)


@given(st.text(alphabet="abcdefgh :\n.", max_size=40), st.integers(1, 12), st.booleans())
def test_windows_are_those_of_lm_eval(text: str, length: int, bos: bool) -> None:
    known = tokens([(" ", "a"), ("a", "b")], bos=bos, eos=True)
    ids, first = known.text(text), 0 if bos else 1
    theirs = get_rolling_token_windows(ids, first, max_seq_len=length, context_len=1)
    assert known.windows(text, length) == [make_disjoint_window(window) for window in theirs]


def pairs(known: Tokens, prompt: Likelihood) -> list[tuple[list[str], list[str]]]:
    return [(shown(known, before), shown(known, after)) for before, after in known.likelihood(prompt)]


TEMPLATE = (
    "{% if bos %}<s>{% endif %}{% for m in messages %}{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}a:\n{% endif %}"
)


def test_the_white_space_that_ends_a_template_is_the_options() -> None:
    known = tokens([], bos=True, template=TEMPLATE.replace("if bos", "if true"))
    conversation = Likelihood(user("a"), (user("b"),), (user("c"),), ("d",), chat=True)
    assert pairs(known, conversation) == [(["<s>", *"abc\na:"], ["\n", "d"])], "one BOS, and one turn of the user's"


def test_a_begun_answer_stands_before_the_option() -> None:
    known = tokens([], eos=True, template=TEMPLATE.replace("if bos", "if false"))
    begun = Likelihood((), (), ((*user("c"), Message("assistant", "ab")),), (" d",), chat=True)
    assert pairs(known, begun) == [([*"c\na:\nab"], [" ", "d"])]


@pytest.mark.parametrize("bos", [True, False])
def test_nothing_stands_before_an_option_without_a_question(bos: bool) -> None:
    known = tokens([], bos=bos, eos=True)
    first = "<s>" if bos else "</s>"
    prompt = Likelihood(user("lead "), (user("shot "),), (user("b"), None), (" a", " a"))
    assert pairs(known, prompt)[1] == ([first], [" ", "a"])
    assert pairs(known, Likelihood((), (), (user(""), None), ("a", f"{first}a"))) == [([first], ["a"])] * 2


def test_a_tokenizer_without_bos_and_eos_still_scores_what_follows_a_text() -> None:
    known = tokens([])
    assert pairs(known, Likelihood((), (), (user("a"),), ("b",))) == [(["a"], ["b"])]


SHOTS = tuple(user(f"{HEADER}{number}\n") for number in range(5))


@pytest.mark.parametrize(
    "prompt",
    [
        FewShot(user("Begin.\n"), SHOTS, user("question?")),
        FewShot(user("Begin.\n"), SHOTS, user("question?"), chat=True),
        Likelihood(user("Begin.\n"), SHOTS, (user("question?"),) * 2, (" a", " b")),
    ],
    ids=["text", "conversation", "options"],
)
def test_solved_examples_are_dropped_from_the_front(tiny_folder: Model, prompt: FewShot | Likelihood) -> None:
    async def work(engine: TransformersEngine) -> tuple[Answer, Answer]:
        engine.context = 80
        shorter = await ask(engine, prompt, Sampling(4))
        left = prompt.shots[shorter.dropped_shots :]
        by_hand = await ask(engine, type(prompt)(**{**vars(prompt), "shots": left}), Sampling(4))
        engine.context = 4
        with pytest.raises(PromptTooLongError):
            await ask(engine, prompt, Sampling(4))
        return shorter, by_hand

    shorter, by_hand = using(tiny_folder, work)
    assert 0 < shorter.dropped_shots < len(SHOTS)
    assert by_hand.dropped_shots == 0
    assert (shorter.text, shorter.greedy) == (by_hand.text, by_hand.greedy)
    assert shorter.options == pytest.approx(by_hand.options)


def test_a_conversation_goes_on_from_its_turns(tiny_folder: Model) -> None:
    turns = (Message("system", "Be terse."), *user("one"), Message("assistant", "two"), *user("three"))
    prompt = FewShot(turns[:1], (turns[1:3],), turns[3:], chat=True)
    assert prompt.turns == turns

    async def work(engine: TransformersEngine) -> tuple[Answer, Answer]:
        return await ask(engine, prompt, Sampling(5)), await engine.chat(turns, Sampling(5))

    found, expected = using(tiny_folder, work)
    assert (found.text, found.prompt_tokens) == (expected.text, expected.prompt_tokens)


def test_a_model_without_a_chat_template_is_asked_for_no_conversation(tiny_model: Path, tmp_path: Path) -> None:
    for file in tiny_model.iterdir():
        if file.name != "chat_template.jinja":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    for prompt in (FewShot((), (), QUESTION, chat=True), PROMPTS[4]):
        with pytest.raises(UsageError, match="no chat template"):
            using(Model("m", "folder", path=tmp_path), lambda engine, prompt=prompt: ask(engine, prompt, Sampling(1)))


@pytest.mark.parametrize("prompt", [PROMPTS[0], Passage("x")], ids=["options", "a passage"])
def test_what_an_engine_cannot_tell_is_one_line_and_a_way_to_mend_it(prompt: Prompt) -> None:
    endpoint = Endpoint("http://127.0.0.1:1/v1", protocol="anthropic")
    engine: Engine = AnthropicEngine(served("m", endpoint), endpoint, "")
    with pytest.raises(UnavailableError, match="the engine endpoint tells no log-probabilities of") as caught:
        asyncio.run(ask(engine, prompt, Sampling(1)))
    assert "--engine vllm or transformers" in caught.value.mend
    assert "\n" not in caught.value.message
    with pytest.raises(UsageError, match="cannot be generated"):
        asyncio.run(ask(engine, prompt, Sampling(1), generated=True))
