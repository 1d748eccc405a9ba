"""Log-probabilities of options from a vLLM server: a quick way for options of one token, the general one for others."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from harness.errors import EngineError

GATHERED = 32
"""The most questions that go in one HTTP request."""
GATHER_SECONDS = 0.002

Ask = Callable[..., Awaitable[Any]]
"""Sends prompts (lists of token ids) in one request for one token each, with extra arguments; the SDK's answer."""


class Labels:
    """Asks how likely each of a few tokens is to come next; what is asked at the same time goes in one HTTP request.

    vLLM's ``logprob_token_ids`` gives them over the whole vocabulary, before temperature, and reads the prefix cache.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waiting: defaultdict[tuple[int, ...], list[tuple[list[int], asyncio.Future[Any]]]] = defaultdict(list)
        self._senders: set[asyncio.Task[None]] = set()

    async def after(self, ids: list[int], labels: tuple[int, ...]) -> Mapping[int, float]:
        """The log-probability of each of ``labels`` (distinct token ids) after ``ids``."""
        waiting = self._waiting[labels]
        answer: asyncio.Future[Mapping[int, float]] = asyncio.get_running_loop().create_future()
        waiting.append((ids, answer))
        if len(waiting) == 1:
            sender = asyncio.create_task(self._send(labels))
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        return await answer

    async def _send(self, labels: tuple[int, ...]) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        waiting = self._waiting.pop(labels)
        parts = [waiting[start : start + GATHERED] for start in range(0, len(waiting), GATHERED)]
        await asyncio.gather(*(self._settle(part, labels) for part in parts))

    async def _settle(self, part: list[tuple[list[int], asyncio.Future[Any]]], labels: tuple[int, ...]) -> None:
        try:
            found = await self._ask(
                [ids for ids, _ in part],
                logprobs=len(labels),
                logprob_token_ids=list(labels),
                return_tokens_as_token_ids=True,
            )
            rows = {choice.index: choice.logprobs.top_logprobs[0] for choice in found.choices}
            results = [{label: float(rows[at][f"token_id:{label}"]) for label in labels} for at in range(len(part))]
        except BaseException as error:  # noqa: BLE001  (whatever it is, those who wait must learn of it)
            for _, answer in part:
                if not answer.done():
                    answer.set_exception(error if isinstance(error, Exception) else EngineError("interrupted"))
            return
        for (_, answer), result in zip(part, results, strict=True):
            if not answer.done():
                answer.set_result(result)


async def of_prompts(ask: Ask, pairs: Sequence[tuple[list[int], list[int]]]) -> tuple[float, ...]:
    """The log-probability of each continuation after its context, summed over its tokens.

    vLLM computes ``prompt_logprobs`` without reading the prefix cache: one whole pass for each pair.
    """
    found = await ask([before + after for before, after in pairs], prompt_logprobs=0)
    sums = {}
    for choice in found.choices:
        _, after = pairs[choice.index]
        rows = choice.prompt_logprobs[-len(after) :] if after else []
        sums[choice.index] = sum(row[str(token)]["logprob"] for row, token in zip(rows, after, strict=True))
    return tuple(sums[at] for at in range(len(pairs)))
