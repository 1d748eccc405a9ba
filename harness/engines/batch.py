"""One batch through a transformers model: left-padded, each row with its own sampling, length and stop strings."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from harness.records import Answer, Sampling

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Row:
    """One prompt of a batch, as token ids."""

    prompt: tuple[int, ...]
    sampling: Sampling


def generate(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", rows: Sequence[Row]) -> list[Answer]:
    """Answers to all rows, in order. Greedy rows take the most likely token; others draw as :class:`_Draw` says."""
    width = max(len(row.prompt) for row in rows)
    ends = _end_tokens(model, tokenizer)
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else min(ends, default=0)
    ids = torch.tensor([[padding] * (width - len(row.prompt)) + [*row.prompt] for row in rows])
    mask = torch.tensor([[0] * (width - len(row.prompt)) + [1] * len(row.prompt) for row in rows])
    draw = _Draw(rows)
    stop = _Stop(rows, tokenizer, width)
    started = time.monotonic()
    with torch.inference_mode():
        sequences = model.generate(
            input_ids=ids,
            attention_mask=mask,
            # A configuration of our own: the model's may hold sampling defaults that would silently change scores.
            generation_config=GenerationConfig(
                do_sample=False,
                max_new_tokens=max(row.sampling.max_tokens for row in rows),
                eos_token_id=sorted(ends) or None,
                pad_token_id=padding,
            ),
            logits_processor=LogitsProcessorList([draw]),
            stopping_criteria=StoppingCriteriaList([stop]),
        )
    ended = time.monotonic()
    return [
        _answer(
            tokenizer,
            row,
            sequence[width:].tolist(),
            ends | {padding},  # what follows a row's own end
            seconds=stop.finished_at.get(number, ended) - started,
            first_token_seconds=draw.first_at - started,
        )
        for number, (row, sequence) in enumerate(zip(rows, sequences, strict=True))
    ]


def _end_tokens(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> frozenset[int]:
    named = getattr(model.generation_config, "eos_token_id", None)
    ids = [*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id]
    return frozenset(token for token in ids if isinstance(token, int))


def _answer(
    tokenizer: "PreTrainedTokenizerBase",
    row: Row,
    tokens: list[int],
    ends: frozenset[int],
    seconds: float,
    first_token_seconds: float,
) -> Answer:
    tokens = tokens[: row.sampling.max_tokens]
    end = next((number for number, token in enumerate(tokens) if token in ends), None)
    text = str(tokenizer.decode(tokens[:end], skip_special_tokens=True))
    stops = [at for stop in row.sampling.stop if (at := text.find(stop)) >= 0]
    return Answer(
        text=text[: min(stops)] if stops else text,
        finish_reason="length" if end is None and not stops else "stop",
        prompt_tokens=len(row.prompt),
        answer_tokens=len(tokens) if end is None else end,
        seconds=round(seconds, 4),
        first_token_seconds=round(first_token_seconds, 4),
    )


@dataclass
class _Draw:
    """Draws each row's next token with that row's own random numbers (a logits processor).

    The Gumbel-max trick: the largest of logits / temperature + Gumbel noise is distributed as softmax(logits /
    temperature) (Gumbel 1954). Adding the noise here lets one greedy batch hold rows of any temperature.
    """

    rows: Sequence[Row]
    first_at: float = 0.0
    generators: list[torch.Generator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.generators = [torch.Generator().manual_seed(row.sampling.seed) for row in self.rows]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """``scores``: logits, rows x vocabulary."""
        for number, (row, generator) in enumerate(zip(self.rows, self.generators, strict=True)):
            if row.sampling.temperature > 0:
                logits = scores[number].float() / row.sampling.temperature
                uniform = torch.rand(logits.shape, generator=generator).clamp_(min=1e-20)
                scores[number] = (_top_p(logits, row.sampling.top_p) - torch.log(-torch.log(uniform))).to(scores.dtype)
        self.first_at = self.first_at or time.monotonic()
        return scores


def _top_p(logits: torch.Tensor, top_p: float) -> torch.Tensor:
    """Rules out all but the smallest set of tokens that holds probability ``top_p`` (Holtzman et al. 2020)."""
    if top_p >= 1:
        return logits
    ordered, order = torch.softmax(logits, -1).sort(descending=True)
    beyond = ordered.cumsum(-1) - ordered >= top_p
    return logits.masked_fill(torch.zeros_like(beyond).scatter(0, order, beyond), float("-inf"))


@dataclass
class _Stop:
    """Ends a row at its own token limit or when its text holds one of its stop strings (a stopping criterion)."""

    rows: Sequence[Row]
    tokenizer: "PreTrainedTokenizerBase"
    width: int
    finished_at: dict[int, float] = field(default_factory=dict)

    def __call__(self, input_ids: torch.Tensor, scores: object) -> torch.Tensor:
        """Which rows are done: a boolean for each."""
        for number, row in enumerate(self.rows):
            if number not in self.finished_at and self._done(row, input_ids[number, self.width :]):
                self.finished_at[number] = time.monotonic()
        return torch.tensor([number in self.finished_at for number in range(len(self.rows))])

    def _done(self, row: Row, generated: torch.Tensor) -> bool:
        if len(generated) >= row.sampling.max_tokens:
            return True
        if not row.sampling.stop:
            return False
        # A stop string ends in the newest token; a token holds at least one byte, hence this window suffices.
        window = 8 + max(len(stop.encode()) for stop in row.sampling.stop)
        text = str(self.tokenizer.decode(generated[-window:], skip_special_tokens=True))
        return any(stop in text for stop in row.sampling.stop)
