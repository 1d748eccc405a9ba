"""Choices through a real, tiny transformers model: the exact numbers, in few passes, whoever shares the batch."""

import asyncio
import json
from pathlib import Path

import pytest
import torch
from test_transformers import using

from harness.engines.base import ask
from harness.engines.batch import MIN_PREFIX, likelihood_rows
from harness.engines.model import Model, locate
from harness.engines.stems import Stem
from harness.engines.transformers import BATCH_ROWS, TransformersEngine
from harness.errors import EngineError, PromptTooLongError
from harness.records import Answer, Choice, Sampling

HEADER = "def add(first, second):\n    return first + second\n\n"
LETTERS = (" A", " B", " C", " D")
CHOICES = [
    Choice("def add(first, second): ", ("a", "b", "c")),
    Choice("def add(first, second): ", ("first + second", "return", "x")),
    Choice("def add(first, second):\n", ("    return first", "    return second", "    return first + second")),
    Choice("", ("first", "def add")),
    Choice("one", ("\nIs it right? yes", "\nIs it right? no")),
    *(Choice(f"question {number}?\nAnswer:", LETTERS, shots=(HEADER,) * 4) for number in range(40)),
    *(Choice(f"{'x' * number}\nAnswer:", LETTERS) for number in range(5)),
    Choice("say it", ("first", "second one"), lead="Be terse.", chat=True),
]


def expected(engine: TransformersEngine, prompt: Choice) -> list[float]:
    """By one pass of the whole text for each option."""
    values = []
    for before, after in engine.tokens.choice(prompt):
        with torch.inference_mode():
            logits = engine.model(torch.tensor([before + after])).logits[0].float()
        rows = torch.log_softmax(logits, -1)[len(before) - 1 : -1]
        values.append(sum(float(row[token]) for row, token in zip(rows, after, strict=True)))
    return values


def test_all_at_once_have_the_log_probabilities_of_their_tokens(tiny_folder: Model) -> None:
    async def work(engine: TransformersEngine) -> None:
        answers = await asyncio.gather(*map(engine.choose, CHOICES))
        for prompt, answer in zip(CHOICES, answers, strict=True):
            assert list(answer.options) == pytest.approx(expected(engine, prompt), abs=1e-4), prompt
            assert not answer.fallback

    using(tiny_folder, work)


def test_a_header_is_read_once_and_each_question_in_one_row(tiny_folder: Model) -> None:
    passes: list[torch.Size] = []
    questions = CHOICES[5:45]

    async def work(engine: TransformersEngine) -> None:
        forward = engine.decoder._forward

        def watched(ids: torch.Tensor, *more: object) -> torch.Tensor:
            passes.append(ids.shape)
            return forward(ids, *more)  # type: ignore[arg-type]

        engine.decoder._forward = watched  # type: ignore[method-assign, assignment]
        await asyncio.gather(*map(engine.choose, questions))
        header = len(engine.tokens.text(HEADER * 4))
        assert header > MIN_PREFIX
        assert sum(width >= header for _, width in passes) == 1, "the header, by itself"
        assert sum(rows for rows, width in passes if width < header) == len(questions), "four options, one row"
        assert max(rows for rows, _ in passes) == BATCH_ROWS

    using(tiny_folder, work)


def test_a_kept_header_is_cut_where_the_next_questions_leave_it(tiny_folder: Model) -> None:
    """The first batch shares more than the header; what the second one shares is read off what was kept."""
    first = [Choice(f"{HEADER * 4}the same words and then {number}", LETTERS) for number in "abc"]
    second = [Choice(f"{HEADER * 4}{number} others", LETTERS) for number in "xyz"]
    widths: list[int] = []

    async def work(engine: TransformersEngine) -> None:
        forward = engine.decoder._forward

        def watched(ids: torch.Tensor, *more: object) -> torch.Tensor:
            widths.append(ids.shape[1])
            return forward(ids, *more)  # type: ignore[arg-type]

        await asyncio.gather(*map(engine.choose, first))
        engine.decoder._forward = watched  # type: ignore[method-assign, assignment]
        answers = await asyncio.gather(*map(engine.choose, second))
        engine.decoder._forward = forward  # type: ignore[method-assign]
        assert max(widths) < len(engine.tokens.text(HEADER))
        for prompt, answer in zip(second, answers, strict=True):
            assert list(answer.options) == pytest.approx(expected(engine, prompt), abs=1e-4)

    using(tiny_folder, work)


def test_solved_examples_are_dropped_from_the_front_until_the_prompt_fits(tiny_folder: Model) -> None:
    shots = tuple(f"{HEADER}{number}\n" for number in range(5))
    prompt = Choice("question?\nAnswer:", LETTERS, lead="Begin.\n", shots=shots)

    async def work(engine: TransformersEngine) -> tuple[Answer, Answer]:
        whole = len(engine.tokens.choice(prompt)[0][0])
        two_less = len(engine.tokens.choice(Choice(prompt.context, LETTERS, lead=prompt.lead, shots=shots[2:]))[0][0])
        engine.context = two_less + 2  # a letter is a space and itself to this tokenizer
        assert whole > engine.context
        shorter = await ask(engine, prompt, Sampling(1))
        by_hand = await engine.choose(Choice(prompt.context, LETTERS, lead=prompt.lead, shots=shots[2:]))
        engine.context = 4
        with pytest.raises(PromptTooLongError):
            await ask(engine, prompt, Sampling(1))
        return shorter, by_hand

    shorter, by_hand = using(tiny_folder, work)
    assert (shorter.dropped_shots, by_hand.dropped_shots) == (2, 0)
    assert shorter.options == pytest.approx(by_hand.options, abs=1e-5)


def test_a_failed_pass_is_the_error_of_its_questions_alone(tiny_folder: Model) -> None:
    async def work(engine: TransformersEngine) -> Answer:
        model, engine.decoder.model = engine.decoder.model, None  # type: ignore[assignment]
        found = await asyncio.gather(*map(engine.choose, CHOICES[:3]), return_exceptions=True)
        assert all(isinstance(each, EngineError) for each in found)
        engine.decoder.model = model
        return await engine.choose(CHOICES[0])

    assert len(using(tiny_folder, work).options) == 3


def test_logits_stay_within_their_bound(tiny_folder: Model) -> None:
    assert likelihood_rows(0, 50_000) * 50_000 * 4 <= 1 << 28
    assert likelihood_rows(100, 150_000) == 4
    assert likelihood_rows(10**6, 150_000) == 1
    sizes: list[int] = []
    long = " ".join(["word"] * 40)

    async def work(engine: TransformersEngine) -> None:
        score = engine.decoder.likelihoods

        def watched(rows: list[Stem]) -> list[list[float]]:
            sizes.append(len(rows))
            return score(rows)

        engine.decoder.likelihoods = watched  # type: ignore[method-assign, assignment]
        engine.model.config.vocab_size = 1 << 18  # as if it had a large vocabulary
        await asyncio.gather(*(engine.choose(Choice(f"{number}", (f" {long}",))) for number in range(6)))

    using(tiny_folder, work)
    assert sum(sizes) == 6
    assert max(sizes) <= likelihood_rows(40, 1 << 18) <= 6


def test_a_model_with_short_attention_windows_reads_its_header_again(tiny_model: Path, tmp_path: Path) -> None:
    """Layers that forget what stands before their window cannot be cut back; the numbers are still exact."""
    for each in tiny_model.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"architectures": ["MistralForCausalLM"], "model_type": "mistral", "sliding_window": 16}
    (tmp_path / "config.json").write_text(json.dumps(config))
    first = [Choice(f"{HEADER * 4}the same words and then {number}", LETTERS) for number in "abc"]
    second = [Choice(f"{HEADER * 4}{number} others", LETTERS) for number in "xyz"]

    async def work(engine: TransformersEngine) -> None:
        for prompts in (first, second):
            answers = await asyncio.gather(*map(engine.choose, prompts))
            for prompt, answer in zip(prompts, answers, strict=True):
                assert list(answer.options) == pytest.approx(expected(engine, prompt), abs=1e-4)

    using(locate(str(tmp_path)), work)
