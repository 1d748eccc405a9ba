"""One batch through a transformers model: rows that share a beginning compute it once, and leave as they finish.

transformers' own ``generate`` computes a finished row until the last one ends and every prompt from its first token;
on a CPU both cost most of the time (docs/performance.md).
"""

import copy
import inspect
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

import torch
from transformers import DynamicCache

from harness.engines.stems import Likely, Stem
from harness.records import Answer, Sampling

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MIN_PREFIX = 32
"""A shared beginning of fewer tokens is not worth a pass of its own."""
LOGITS_BYTES = 1 << 28
"""Upper bound on a batch's logits while options are scored."""


@dataclass(frozen=True)
class Row:
    """One prompt of a batch, as token ids.

    ``ends`` are tokens that end its answer beside the model's own; ``within`` says that the answer stands within a
    text, so that a space at its beginning counts.
    """

    prompt: tuple[int, ...]
    sampling: Sampling
    ends: frozenset[int] = frozenset()
    within: bool = False


@dataclass
class _Growing:
    """A row with what has been drawn for it so far."""

    number: int
    row: Row
    random: torch.Generator
    tokens: list[int] = field(default_factory=list)


class Decoder:
    """Draws answers with one model; keeps the keys and values of the last shared beginning for the next batch."""

    def __init__(self, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> None:
        self.model, self.tokenizer = model, tokenizer
        named = getattr(model.generation_config, "eos_token_id", None)
        ids = [*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id]
        self._ends = frozenset(token for token in ids if isinstance(token, int))
        # transformers 5.24 renamed the argument, model by model.
        takes = inspect.signature(model.forward).parameters
        self._cache_argument = "cache" if "cache" in takes else "past_key_values"
        self.stopping = False
        """Set from another thread: ends :meth:`generate` before its next step, rows that are not done go unanswered."""
        self._prefix: tuple[int, ...] = ()
        self._prefix_cache: DynamicCache | None = None

    @torch.inference_mode()
    def generate(self, rows: Sequence[Row]) -> Iterator[tuple[int, Answer]]:
        """Yields each row's number and answer as it finishes.

        A row ends at an end-of-text token, at its own ``max_tokens`` or when its text holds one of its stop strings.
        Its tokens are drawn from the model's probabilities and its own seed alone (:func:`draw`).
        """
        started = time.monotonic()
        growing = [
            _Growing(number, row, torch.Generator().manual_seed(row.sampling.seed)) for number, row in enumerate(rows)
        ]
        logits, cache, mask = self._read(rows)
        logits = logits[:, -1]
        first = time.monotonic() - started
        while not self.stopping:
            for each, scores in zip(growing, logits, strict=True):
                each.tokens.append(draw(scores, each.row.sampling, each.random))
            left = []
            for index, each in enumerate(growing):
                answer = self._finished(each, time.monotonic() - started, first)
                if answer:
                    yield each.number, answer
                else:
                    left.append(index)
            if not left:
                return
            if len(left) < len(growing):
                growing = [growing[index] for index in left]
                cache.batch_select_indices(torch.tensor(left))
                mask = mask[left]
            mask = torch.cat([mask, mask.new_ones(len(growing), 1)], dim=1)
            newest = torch.tensor([[each.tokens[-1]] for each in growing])
            logits = self._forward(newest, mask, cache)[:, -1]

    @torch.inference_mode()
    def likelihoods(self, rows: Sequence[Stem]) -> list[list[Likely]]:
        """For each stem, how likely each of its options is.

        Memory: logits of (longest option) x vocabulary for each row, see :func:`likelihood_rows`; nothing of that size
        is kept. A lone row whose option is too long even so is read on in pieces.
        """
        tails = [row.ids[len(row.ids) - row.scored :] for row in rows]
        most = max(map(len, tails)) if len(rows) > 1 else likelihood_tokens(int(self.model.config.vocab_size))
        prompts = [Row(row.ids[: len(row.ids) - row.scored], Sampling(1)) for row in rows]
        logits, cache, mask = self._read(prompts, [tail[:most] for tail in tails])
        if len(rows) == 1 and len(tails[0]) > most:
            return [self._likelihood_in_pieces(rows[0], tails[0], most, logits[0], cache, mask)]
        found = []
        for row, tail, scores in zip(rows, tails, logits, strict=True):
            shared, greedy = _likelihood(scores[-1 - row.scored : -1], tail)
            found.append(_last(row, scores[-1], shared, greedy))
        return found

    def _likelihood_in_pieces(
        self,
        row: Stem,
        tail: tuple[int, ...],
        most: int,
        scores: torch.Tensor,
        cache: DynamicCache,
        mask: torch.Tensor,
    ) -> list[Likely]:
        """Goes on after the first ``most`` tokens of ``tail``, whose logits are ``scores``."""
        shared, greedy = _likelihood(scores[:-1], tail[:most])
        for at in range(most, len(tail), most):
            piece, before = tail[at : at + most], scores[-1:]
            mask = torch.cat([mask, mask.new_ones(1, len(piece))], dim=1)
            scores = self._forward(torch.tensor([piece]), mask, cache, len(piece))[0]
            for logits, tokens in ((before, piece[:1]), (scores[:-1], piece[1:])):
                more, same = _likelihood(logits, tokens)
                shared, greedy = shared + more, greedy and same
        return _last(row, scores[-1], shared, greedy)

    def _read(
        self, rows: Sequence[Row], tails: Sequence[tuple[int, ...]] | None = None
    ) -> tuple[torch.Tensor, DynamicCache, torch.Tensor]:
        """Passes all prompts, each with its tail, through the model.

        Returns logits (rows x (longest tail + 1) x vocabulary) from each prompt's last token on, cache, attention mask.
        """
        prefix, cache = self._shared(rows)
        tails = tails or [()] * len(rows)
        rests = [(*row.prompt[prefix:], *tail) for row, tail in zip(rows, tails, strict=True)]
        width = max(map(len, rests))
        # Padding stands between the shared beginning and the rest; it is masked and takes no position.
        ids = torch.tensor([[0] * (width - len(rest)) + [*rest] for rest in rests])
        mask = torch.tensor([[1] * prefix + [0] * (width - len(rest)) + [1] * len(rest) for rest in rests])
        return self._forward(ids, mask, cache, 1 + max(map(len, tails))), cache, mask

    def _shared(self, rows: Sequence[Row]) -> tuple[int, DynamicCache]:
        """The length of the beginning that all rows share, and a cache that holds it once for each row."""
        common = common_prefix([row.prompt for row in rows])
        copies = self._kept(common)
        if copies is None:
            if len(rows) == 1 or len(common) < MIN_PREFIX:
                return 0, DynamicCache(config=self.model.config)
            cache = DynamicCache(config=self.model.config)
            self._forward(torch.tensor([common]), torch.ones(1, len(common), dtype=torch.long), cache)
            self._prefix, self._prefix_cache = common, cache  # only once it is whole: a failed pass leaves no half
            copies = copy.deepcopy(cache)
        length = int(copies.get_seq_length())
        copies.batch_repeat_interleave(len(rows))
        return length, copies

    def _kept(self, common: tuple[int, ...]) -> DynamicCache | None:
        """A copy of what is kept of the beginning ``common``; None where that is too little to be worth it."""
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(self._prefix, common, strict=False)))
        if same < MIN_PREFIX or 2 * same <= len(common):
            return None
        copies = copy.deepcopy(self._prefix_cache)
        assert copies is not None
        if same < len(self._prefix):
            try:
                copies.crop(same - len(self._prefix))
            except (RuntimeError, ValueError):  # sliding windows forget what stands before them
                return None
        return copies

    def _forward(self, ids: torch.Tensor, mask: torch.Tensor, cache: DynamicCache, keep: int = 1) -> torch.Tensor:
        """Logits of the last ``keep`` positions, rows x ``keep`` x vocabulary, in float32."""
        positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        output = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            use_cache=True,
            logits_to_keep=keep,
            **{self._cache_argument: cache},
        )
        logits: torch.Tensor = output.logits.float()
        return logits

    def _finished(self, each: _Growing, seconds: float, first_token_seconds: float) -> Answer | None:
        """The answer of a row that is done; None while it is not."""
        sampling, tokens = each.row.sampling, each.tokens
        ended = tokens[-1] in self._ends or tokens[-1] in each.row.ends
        kept = tokens[:-1] if ended else tokens
        stopped = not ended and self._holds_stop(kept, sampling.stop)
        if not (ended or stopped or len(tokens) >= sampling.max_tokens):
            return None
        text = self._text(each.row, kept)
        stops = [at for stop in sampling.stop if (at := text.find(stop)) >= 0]
        return Answer(
            text=text[: min(stops)] if stops else text,
            finish_reason="stop" if ended or stops else "length",
            prompt_tokens=len(each.row.prompt),
            answer_tokens=len(kept),
            seconds=round(seconds, 4),
            first_token_seconds=round(first_token_seconds, 4),
        )

    def _text(self, row: Row, tokens: list[int]) -> str:
        """The text of an answer; SentencePiece takes a space from the beginning of whatever it decodes."""
        if not row.within:
            return str(self.tokenizer.decode(tokens, skip_special_tokens=True))
        letter = self.tokenizer("a", add_special_tokens=False)["input_ids"]
        return str(self.tokenizer.decode([*letter, *tokens], skip_special_tokens=True)).removeprefix("a")

    def _holds_stop(self, tokens: list[int], stops: tuple[str, ...]) -> bool:
        if not stops:
            return False
        # A stop string ends in the newest token, and a token holds at least one byte: this window suffices.
        window = 8 + max(len(stop.encode()) for stop in stops)
        text = str(self.tokenizer.decode(tokens[-window:], skip_special_tokens=True))
        return any(stop in text for stop in stops)


def _likelihood(logits: torch.Tensor, tokens: Sequence[int]) -> tuple[float, bool]:
    """The summed log-probability of ``tokens``, and whether each is the likeliest; logits: tokens x vocabulary."""
    ids = torch.tensor(tokens, dtype=torch.long)
    values = logits.gather(-1, ids.unsqueeze(-1)).squeeze(-1) - logits.logsumexp(-1)
    return float(values.double().sum()), bool((logits.argmax(-1) == ids).all())


def _last(row: Stem, logits: torch.Tensor, shared: float, greedy: bool) -> list[Likely]:
    """How likely a stem's options are, from what stands before their last tokens and these tokens' logits."""
    values = (logits[torch.tensor(row.last)] - logits.logsumexp(-1)).double() + shared
    likeliest = int(logits.argmax())
    return [
        Likely(value, greedy and token == likeliest) for value, token in zip(values.tolist(), row.last, strict=True)
    ]


def likelihood_tokens(vocabulary: int) -> int:
    """How many tokens of one option fit :data:`LOGITS_BYTES`; one at least."""
    return max(1, LOGITS_BYTES // (4 * vocabulary) - 1)


def likelihood_rows(tokens: int, vocabulary: int) -> int:
    """How many rows with options of so many tokens fit :data:`LOGITS_BYTES`; one at least."""
    return max(1, LOGITS_BYTES // (4 * (tokens + 1) * vocabulary))


def draw(logits: torch.Tensor, sampling: Sampling, random: torch.Generator) -> int:
    """One token from ``logits`` (vocabulary): the most likely at temperature 0, else at random within ``top_p``.

    Top-p keeps the smallest set of tokens that holds probability ``top_p`` (Holtzman et al. 2020). The draw is the
    Gumbel-max trick: the largest of logits / temperature + Gumbel noise is distributed as softmax(logits /
    temperature) (Gumbel 1954).
    """
    if sampling.temperature == 0:
        return int(logits.argmax())
    logits = logits / sampling.temperature
    if sampling.top_p < 1:
        ordered, order = torch.softmax(logits, -1).sort(descending=True)
        beyond = ordered.cumsum(-1) - ordered >= sampling.top_p
        logits = logits.masked_fill(torch.zeros_like(beyond).scatter(0, order, beyond), float("-inf"))
    uniform = torch.rand(logits.shape, generator=random).clamp_(min=1e-20)
    return int((logits - torch.log(-torch.log(uniform))).argmax())


def common_prefix(prompts: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The longest beginning of all prompts that leaves each at least one token."""
    shortest, longest = min(prompts), max(prompts)  # in dictionary order: what these share, all share
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(shortest, longest, strict=False)))
    return shortest[: min(same, min(map(len, prompts)) - 1)]
