"""Log-probabilities of options from a vLLM server, exactly and with as little computed as its API allows.

``logprob_token_ids`` tells those of chosen tokens after a text, over the whole vocabulary and before temperature, and
reads the prefix cache. What an option holds before its last token comes from ``prompt_logprobs``, for which vLLM
computes the whole text anew.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from harness.engines.stems import MOST_LABELS, Likely, Stem
from harness.errors import EngineError

GATHERED = 32
"""The most texts that go in one HTTP request."""
GATHER_SECONDS = 0.002

Ask = Callable[..., Awaitable[Any]]
"""Sends prompts (lists of token ids) in one request for one token each, with extra arguments; the SDK's answer."""


@dataclass(frozen=True)
class _Waiting:
    stem: Stem
    answer: asyncio.Future[list[Likely]]


class Scorer:
    """Scores stems; those that are asked for at the same time go in one HTTP request."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        # Apart, because prompt_logprobs is an argument of a whole request and costs those that do not need it dearly.
        self._waiting: dict[bool, list[_Waiting]] = {True: [], False: []}
        self._senders: set[asyncio.Task[None]] = set()

    async def score(self, stem: Stem) -> list[Likely]:
        """How likely each of the stem's options is."""
        waiting = self._waiting[stem.scored > 0]
        waiting.append(_Waiting(stem, asyncio.get_running_loop().create_future()))
        answer = waiting[-1].answer
        if len(waiting) == 1:
            sender = asyncio.create_task(self._send(stem.scored > 0))
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        return await answer

    async def _send(self, scored: bool) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        waiting, self._waiting[scored] = self._waiting[scored], []
        await asyncio.gather(*(self._settle(part, labels, scored) for part, labels in _parts(waiting)))

    async def _settle(self, part: list[_Waiting], labels: list[int], scored: bool) -> None:
        try:
            found = await self._ask(
                [list(each.stem.ids) for each in part],
                logprobs=len(labels),
                logprob_token_ids=labels,
                return_tokens_as_token_ids=True,
                **({"prompt_logprobs": 0} if scored else {}),
            )
            choices = {choice.index: choice for choice in found.choices}
            results = [_values(each.stem, choices[at]) for at, each in enumerate(part)]
        except BaseException as error:  # noqa: BLE001  (whatever it is, those who wait must learn of it)
            for each in part:
                if not each.answer.done():
                    each.answer.set_exception(error if isinstance(error, Exception) else EngineError("interrupted"))
            return
        for each, result in zip(part, results, strict=True):
            if not each.answer.done():
                each.answer.set_result(result)


def _parts(waiting: list[_Waiting]) -> Iterator[tuple[list[_Waiting], list[int]]]:
    """What goes in each request, with all of its last tokens, which vLLM tells for every text of it."""
    part: list[_Waiting] = []
    labels: set[int] = set()
    for each in waiting:
        if part and (len(part) == GATHERED or len(labels | {*each.stem.last}) > MOST_LABELS):
            yield part, sorted(labels)
            part, labels = [], set()
        part.append(each)
        labels |= {*each.stem.last}
    if part:
        yield part, sorted(labels)


def _values(stem: Stem, choice: Any) -> list[Likely]:
    shared, greedy = 0.0, True
    if stem.scored:
        rows, ids = choice.prompt_logprobs[-stem.scored :], stem.ids[-stem.scored :]
        told = [row[str(token)] for row, token in zip(rows, ids, strict=True)]
        shared = sum(float(each["logprob"]) for each in told)
        greedy = all(each["rank"] == 1 for each in told)
    last = choice.logprobs.top_logprobs[0]
    (written,) = choice.logprobs.tokens  # at temperature 0: the likeliest one
    names = [f"token_id:{token}" for token in stem.last]
    return [Likely(shared + float(last[name]), greedy and name == written) for name in names]


class Headers:
    """Lets one question with a new header go ahead, so that its solved examples are in the cache for the others.

    Questions that arrive together would otherwise each compute them.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, asyncio.Event] = {}

    @asynccontextmanager
    async def turn(self, header: tuple[Hashable, tuple[Hashable, ...]]) -> AsyncIterator[None]:
        """Waits until the header was computed, or is the first with it; one without examples waits for nothing."""
        if not header[1]:
            yield
            return
        if header in self._known:
            await self._known[header].wait()
            yield
            return
        done = self._known[header] = asyncio.Event()
        try:
            yield
        finally:
            done.set()
