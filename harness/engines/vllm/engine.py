"""Answers with a vLLM server: one of our own, or one that ``evaluate serve`` keeps up for the same settings.

Prompts go as token ids where this process has the model's tokenizer. A server that dies is started again and what was
in flight is asked again.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

from openai import AsyncOpenAI

from harness.engines import infilling
from harness.engines.base import EngineSettings, check_context
from harness.engines.endpoint import EndpointEngine
from harness.engines.model import Model
from harness.engines.stems import Pair, scored, summed
from harness.engines.tokens import SPACE, Tokens
from harness.engines.vllm.choices import Headers, Scorer
from harness.engines.vllm.installation import Installation
from harness.engines.vllm.launch import launch_of, shown
from harness.engines.vllm.memory import check_fits, gpus
from harness.engines.vllm.metrics import counters
from harness.engines.vllm.registry import running
from harness.engines.vllm.server import Address, Say, Server
from harness.entries import Endpoint
from harness.errors import EngineDownError, EngineError, first_line
from harness.prompts.infill import InfillFormat
from harness.records import Answer, Choice, Likelihood, Message, Passage, Sampling, Turns

RESTARTS = 2
"""How often a run starts its server again."""
RETRIES = 1
"""Of the client; the server is on this machine, so what fails once more is the server's state, not the network's."""
PATIENCE_SECONDS = 7200.0
"""For one answer. A server of ours that has much to do is slow, not gone: if it dies that is noticed at once."""

T = TypeVar("T")


class VllmEngine(EndpointEngine):
    """Answers with ``model``, served by ``installation``; a context manager that starts and stops the server."""

    concurrency = 256

    def __init__(self, model: Model, settings: EngineSettings, installation: Installation, seed: int, say: Say) -> None:
        """Checks the settings; starts nothing.

        Raises:
            UsageError, ModelError: a setting or a folder cannot be.
        """
        self._launch = launch_of(installation, model, settings, seed)
        self._name, self.infill_format, self._say = self._launch.name, model.infill, say
        self._server: Server | None = None
        self._restarts = 0
        self._clients: list[AsyncOpenAI] = []  # one for each start: requests may still be trying an earlier one
        self._restarting = asyncio.Lock()
        self._scorer, self._headers = Scorer(self._ask), Headers()

    async def __aenter__(self) -> Self:
        """Finds a running server for these settings or starts one.

        Raises:
            ModelError: the model needs more memory than there is, or its tokenizer cannot be read or lacks the tokens
                of the model's family, where infills are expected.
            ServerError: the server did not start.
        """
        self._tokens = await asyncio.to_thread(self._load_tokens)
        form = self.infill_format if self.expects_infills else None
        if form and self._tokens:  # before the server is started, which takes minutes
            self.sentinels = infilling.check(form, self._tokens, self._launch.model.name)
        address = await asyncio.to_thread(running, self._launch)
        self.reused = address is not None
        if address is None:
            await asyncio.to_thread(self._check_memory)
            self._server = Server(self._launch, self._say)
            address = await self._server.start()
        try:
            await self._use(address)
            if form and not self._tokens:
                self.sentinels = await self._check_sentinels(form)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            await client.close()
        if self._server:
            await self._server.stop()

    async def complete(self, text: str, sampling: Sampling, stream: bool = False) -> Answer:
        """Continues ``text``; see :class:`harness.engines.base.Engine`."""
        if self._tokens is None:
            return await super().complete(text, sampling, stream)
        return await self._continue(self._tokens.text(text), sampling, stream)

    async def resume(
        self, ids: list[int], sampling: Sampling, stream: bool = False, ends: frozenset[int] = frozenset()
    ) -> Answer:
        """Continues what these tokens say, up to one of ``ends``."""
        return await self._continue(ids, sampling, stream, ends)

    @property
    def vocabulary(self) -> Tokens | None:
        """The model's tokenizer, where this process can read it."""
        return self._tokens

    @property
    def converses(self) -> bool:
        """Whether the model has a chat template; one that tokenizes by itself always has."""
        return self._tokens is None or self._tokens.has_chat_template

    async def chat(self, messages: tuple[Message, ...], sampling: Sampling, stream: bool = False) -> Answer:
        """Writes the next assistant turn, in the model's chat template or as plain text where it has none."""
        if self._tokens is None:
            return await super().chat(messages, sampling, stream)
        ids, stop = self._tokens.chat(messages)
        return await self._continue(ids, replace(sampling, stop=(*sampling.stop, *stop)), stream)

    async def choose(self, prompt: Choice) -> Answer:
        """Exact log-probabilities: one question for all options that differ in their last token alone."""
        if self._tokens is None:
            return await super().choose(prompt)
        pairs = self._tokens.choice(prompt)
        return replace(await self._scored(pairs, (prompt.lead, prompt.shots)), greedy=())

    async def likelihood(self, prompt: Likelihood) -> Answer:
        """The exact log-probability of each option and whether it is what the model would write."""
        if self._tokens is None:
            return await super().likelihood(prompt)
        return await self._scored(self._tokens.likelihood(prompt), (prompt.lead, prompt.shots))

    async def passage(self, prompt: Passage) -> Answer:
        """The log-probability of a text, in windows that leave room for the one token that the server must write."""
        if self._tokens is None:
            return await super().passage(prompt)
        return await summed(self._tokens.windows(prompt.text, self.context - 1), self._scorer.score)

    async def _scored(self, pairs: list[Pair], header: tuple[str | Turns, tuple[str | Turns, ...]]) -> Answer:
        for before, after in pairs:
            check_context(len(before), len(after), self.context)
        async with self._headers.turn(header):
            return await scored(pairs, self._scorer.score)

    def describe(self) -> Mapping[str, Any]:
        """Version, command, what the server says of its models, and the machine's GPUs."""
        installation, serving = self._launch.installation, self._launch.settings.serving
        return {
            "engine": "vllm",
            "vllm": installation.version,
            "package": installation.package,
            "command": shown(self._launch.arguments(0)),
            "reused": self.reused,
            "models": list(self._models.values()),
            "context": self.context,
            "prompts": "token ids" if self._tokens else "text",
            "chat_template": self._tokens.has_chat_template if self._tokens else None,
            "infill": self.infill_format.name if self.infill_format else None,
            "sentinels": self.sentinels,
            "trust_remote_code": serving.trust_remote_code,
            "gpus": [vars(gpu) for gpu in gpus()],
        }

    async def usage(self) -> Mapping[str, float]:
        """What the server counts: tokens, prefix-cache hits, preemptions; nothing once a restart began anew."""
        if self._restarts:
            return {}
        try:
            return counters(await asyncio.to_thread(self._address.get, "/metrics"))
        except OSError:
            return {}

    def _load_tokens(self) -> Tokens | None:
        """The tokenizer, where the server need not have one of its own kind and transformers is installed."""
        if self._launch.model.server_tokenizes:
            return None
        try:
            return Tokens.load(self._launch.model.path)
        except (ModuleNotFoundError, OSError, ValueError, KeyError, AttributeError):
            return None

    def _check_memory(self) -> None:
        settings, serving = self._launch.settings, self._launch.settings.serving
        check_fits(
            self._launch.model.path,
            settings.dtype,
            serving.quantization,
            settings.max_model_len,
            serving.tensor_parallel * serving.pipeline_parallel,
            self._launch.installation.for_cpu,
        )

    async def _use(self, address: Address) -> None:
        self._address, self._base_url = address, address.url
        self._settings = Endpoint(address.url, timeout_seconds=PATIENCE_SECONDS)
        self._connect(address.key, RETRIES)
        self._clients.append(self._client)
        self._models = await self.models()
        self.context = int(self._models[self._name].get("max_model_len") or 0)

    async def _send(self, request: Callable[[AsyncOpenAI], Awaitable[T]], tokens: int = 0) -> T:
        """Sends one request; where the server has died, starts it again and sends it once more."""
        address = self._address
        try:
            return await super()._send(request, tokens)
        except EngineError:
            if self._address is address and await asyncio.to_thread(address.accepts):
                raise
            await self._restart(address)
            return await super()._send(request, tokens)

    async def _restart(self, dead: Address) -> None:
        """Starts the server again, once for all requests that found it dead.

        Raises:
            EngineDownError: it has died too often, or is not ours to start.
        """
        async with self._restarting:
            if self._address is not dead:
                return
            if self._server is None:
                raise EngineDownError(
                    f"the server at {dead.url} is gone", "the same command starts one of its own and goes on"
                )
            if self._restarts == RESTARTS:
                raise EngineDownError(
                    f"the vLLM server died {RESTARTS + 1} times; its log: {self._server.log}",
                    "what was answered is kept; mend the cause and run the same command again",
                )
            self._restarts += 1
            self._say(f"the vLLM server died; starting it again ({self._restarts} of {RESTARTS})")
            await self._server.stop()
            await self._use(await self._server.start())

    async def _continue(
        self, ids: list[int], sampling: Sampling, stream: bool, ends: frozenset[int] = frozenset()
    ) -> Answer:
        check_context(len(ids), sampling.max_tokens, self.context)
        # What is streamed is timed: a salt of its own keeps an earlier answer's cache from flattering it.
        body: dict[str, Any] = {"cache_salt": secrets.token_hex(8)} if stream else {}
        # A special token has no text, so that a stop string never finds it.
        body |= {"stop_token_ids": sorted(ends)} if ends else {}
        return await self._completion(ids, len(ids), sampling, stream, **({"extra_body": body} if body else {}))

    async def _check_sentinels(self, form: InfillFormat) -> str:
        """Asks the server whether each token of the family is one token, in the midst of a text.

        Raises:
            ModelError: one is not.
        """
        for token in form.sentinels():
            text = f"x{token.replace(SPACE, ' ')}x"
            asked = {"model": self._name, "prompt": text, "add_special_tokens": False, "return_token_strs": True}
            try:
                told = json.loads(await asyncio.to_thread(self._address.post, "/tokenize", asked))
            except (OSError, ValueError) as error:
                raise EngineDownError(f"the server does not tokenize: {first_line(error)}", "see its log") from None
            if token not in told["token_strs"]:
                raise infilling.refusal(form, token, self._launch.model.name)
        return infilling.SPECIAL

    async def _ask(self, prompts: list[list[int]], **extra: Any) -> Any:
        """One HTTP request with several prompts, one token each."""
        logprobs = extra.pop("logprobs", None)
        return await self._send(
            lambda client: client.completions.create(
                model=self._name, prompt=prompts, max_tokens=1, temperature=0, logprobs=logprobs, extra_body=extra
            ),
            sum(map(len, prompts)),
        )
