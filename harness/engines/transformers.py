"""The engine for any machine: Hugging Face transformers in this process, on the CPU.

Prompts in flight are gathered into batches of similar length within a token budget. What is drawn for a prompt depends
on its own seed alone, not on the batch it falls into.
"""

import asyncio
import platform
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self, TypeVar

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging

from harness.engines import infilling
from harness.engines.base import Engine, check_context
from harness.engines.batch import MIN_PREFIX, Decoder, Row, common_prefix, likelihood_rows
from harness.engines.model import Model
from harness.engines.stems import Likely, Pair, Stem, scored, summed
from harness.engines.tokens import Tokens
from harness.errors import EngineError, ModelError, first_line
from harness.records import Answer, Choice, Likelihood, Message, Passage, Sampling

BATCH_TOKENS = 16_384
"""Upper bound on rows x (longest prompt + longest answer) of a batch: it bounds the memory of keys and values."""
BATCH_ROWS = 16
GATHER_SECONDS = 0.01
"""How long a first prompt waits for company."""
T = TypeVar("T")


@dataclass(frozen=True)
class _Waiting:
    """A prompt to be continued."""

    row: Row
    answer: asyncio.Future[Answer]

    @property
    def prompt(self) -> tuple[int, ...]:
        return self.row.prompt

    @property
    def tokens(self) -> int:
        return len(self.row.prompt) + self.row.sampling.max_tokens


@dataclass(frozen=True)
class _WaitingStem:
    """A text after which options are to be scored."""

    stem: Stem
    answer: asyncio.Future[list[Likely]]

    @property
    def prompt(self) -> tuple[int, ...]:
        return self.stem.ids

    @property
    def tokens(self) -> int:
        return len(self.stem.ids)


W = TypeVar("W", _Waiting, _WaitingStem)


class TransformersEngine(Engine):
    """Answers with the model in ``folder``; ``dtype`` "auto" means float32, the one type every CPU is quick in."""

    concurrency = 2 * BATCH_ROWS

    def __init__(self, folder: Model, dtype: str = "auto", max_model_len: int | None = None) -> None:
        self.folder, self.infill_format = folder, folder.infill
        self.dtype = "float32" if dtype == "auto" else dtype
        self.context = max_model_len or 0
        self._waiting: list[_Waiting] = []
        self._stems: list[_WaitingStem] = []
        self._arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="transformers")

    async def __aenter__(self) -> Self:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load)
        self._serving = asyncio.create_task(self._serve())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.decoder.stopping = True
        self._serving.cancel()
        with suppress(asyncio.CancelledError):
            await self._serving
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def complete(self, text: str, sampling: Sampling, stream: bool = False) -> Answer:
        """Continues ``text``; see :class:`harness.engines.base.Engine`."""
        return await self._enqueue(Row(tuple(self.tokens.text(text)), sampling))

    async def resume(
        self, ids: list[int], sampling: Sampling, stream: bool = False, ends: frozenset[int] = frozenset()
    ) -> Answer:
        """Continues what these tokens say, up to one of ``ends``."""
        return await self._enqueue(Row(tuple(ids), sampling, ends, within=True))

    @property
    def vocabulary(self) -> Tokens:
        """The model's tokenizer."""
        return self.tokens

    @property
    def converses(self) -> bool:
        """Whether the model has a chat template."""
        return self.tokens.has_chat_template

    async def chat(self, messages: tuple[Message, ...], sampling: Sampling, stream: bool = False) -> Answer:
        """Writes the next assistant turn; a model without a chat template gets the conversation as plain text."""
        ids, stop = self.tokens.chat(messages)
        return await self._enqueue(Row(tuple(ids), replace(sampling, stop=(*sampling.stop, *stop))))

    async def choose(self, prompt: Choice) -> Answer:
        """Log-probabilities of the options: one row for all that differ in their last token alone."""
        return replace(await self._scored(self.tokens.choice(prompt)), greedy=())

    async def likelihood(self, prompt: Likelihood) -> Answer:
        """The exact log-probability of each option and whether it is what the model would write."""
        return await self._scored(self.tokens.likelihood(prompt))

    async def passage(self, prompt: Passage) -> Answer:
        """The log-probability of a text, read in windows as long as the context."""
        return await summed(self.tokens.windows(prompt.text, self.context), self._enqueue_stem)

    async def _scored(self, pairs: list[Pair]) -> Answer:
        for before, after in pairs:
            check_context(len(before), len(after), self.context)
        return await scored(pairs, self._enqueue_stem)

    def describe(self) -> Mapping[str, Any]:
        """Versions, type, context and processor."""
        return {
            "engine": "transformers",
            "transformers": version("transformers"),
            "torch": version("torch"),
            "dtype": self.dtype,
            "context": self.context,
            "chat_template": self.tokens.has_chat_template,
            "infill": self.infill_format.name if self.infill_format else None,
            "sentinels": self.sentinels,
            "device": f"cpu ({platform.machine()}, {self._threads} threads)",
        }

    def _load(self) -> None:
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        path = str(self.folder.path)
        # Weights that are all pickles come this far only where --allow-pickle let them; torch then loads tensors alone.
        safe = not self.folder.files or any(name.endswith(".safetensors") for name in self.folder.files)
        try:
            dtype = getattr(torch, self.dtype)
            self.tokens = Tokens.load(self.folder.path)
            if self.expects_infills and self.infill_format:
                self.sentinels = infilling.check(self.infill_format, self.tokens, self.folder.name)
            self.model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
                path, dtype=dtype, use_safetensors=safe, local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError, KeyError, AttributeError, ImportError, SafetensorError) as error:
            raise ModelError(
                f"cannot load {path}: {first_line(error)}", "check the folder's config, weights and tokenizer"
            ) from None
        self.model.eval()
        self.decoder = Decoder(self.model, self.tokens.tokenizer)
        self._threads = torch.get_num_threads()
        longest = int(getattr(self.model.config, "max_position_embeddings", 0) or 2048)
        self.context = min(self.context or longest, longest)

    async def _enqueue(self, row: Row) -> Answer:
        check_context(len(row.prompt), row.sampling.max_tokens, self.context)
        waiting = _Waiting(row, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._arrived.set()
        return await waiting.answer

    async def _enqueue_stem(self, stem: Stem) -> list[Likely]:
        waiting = _WaitingStem(stem, asyncio.get_running_loop().create_future())
        self._stems.append(waiting)
        self._arrived.set()
        return await waiting.answer

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            await asyncio.sleep(GATHER_SECONDS)
            work: Callable[[], None]
            batch: Sequence[_Waiting | _WaitingStem]
            if self._stems:
                read = self._take_stems()
                batch, work = read, partial(self._score, read, loop)
            else:
                drawn = self._take_batch()
                batch, work = drawn, partial(self._answer, drawn, loop)
            if not self._waiting and not self._stems:
                self._arrived.clear()
            try:
                await loop.run_in_executor(self._thread, work)
            except Exception as error:  # noqa: BLE001  (whatever torch raises is this batch's failure, not the run's)
                for each in batch:
                    if not each.answer.done():
                        each.answer.set_exception(EngineError(f"{type(error).__name__}: {first_line(error)}"))

    def _answer(self, batch: list[_Waiting], loop: asyncio.AbstractEventLoop) -> None:
        """On the model's thread: hands each answer to the event loop as its row finishes."""
        for number, answer in self.decoder.generate([each.row for each in batch]):
            loop.call_soon_threadsafe(_settle, batch[number].answer, answer)

    def _score(self, batch: list[_WaitingStem], loop: asyncio.AbstractEventLoop) -> None:
        """On the model's thread: hands all likelihoods of a batch to the event loop."""
        for each, values in zip(batch, self.decoder.likelihoods([each.stem for each in batch]), strict=True):
            loop.call_soon_threadsafe(_settle, each.answer, values)

    def _take_batch(self) -> list[_Waiting]:
        """The longest prompt waiting and its likes, as many as the budget allows."""
        seed, self._waiting = _likes(self._waiting)
        rows = max(1, min(BATCH_ROWS, BATCH_TOKENS // seed.tokens))
        batch, self._waiting = self._waiting[:rows], self._waiting[rows:]
        return batch

    def _take_stems(self) -> list[_WaitingStem]:
        """Likewise for stems; those that begin as the longest does stay among themselves, if they are a few.

        One that begins in another way would make all of them be read whole.
        """
        seed, self._stems = _likes(self._stems)
        rows = max(1, min(BATCH_ROWS, BATCH_TOKENS // seed.tokens))
        alike = sum(1 for each in self._stems if _begin_alike(seed, each))
        rows = min(rows, alike) if alike > 1 else rows
        scored = max(each.stem.scored for each in self._stems[:rows])
        rows = min(rows, likelihood_rows(scored, int(self.model.config.vocab_size)))
        batch, self._stems = self._stems[:rows], self._stems[rows:]
        return batch


def _likes(waiting: list[W]) -> tuple[W, list[W]]:
    """The longest prompt, and all of them: first those that begin as it does, then by length.

    What begins alike is computed once, and neighbours in length waste the least padding.
    """
    seed = max(waiting, key=lambda each: each.tokens)
    return seed, sorted(waiting, key=lambda each: (not _begin_alike(seed, each), -each.tokens))


def _begin_alike(one: W, other: W) -> bool:
    return len(common_prefix([one.prompt, other.prompt])) >= MIN_PREFIX


def _settle(future: asyncio.Future[T], answer: T) -> None:
    if not future.done():
        future.set_result(answer)
