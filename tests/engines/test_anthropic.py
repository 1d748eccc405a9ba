"""The Anthropic engine against a real local server that speaks the Messages protocol and can be made to fail."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import anthropic
import pytest
from local_server import BROKEN_STREAM, EMPTY, HANG, KEY, RESET, TRUNCATED, Fault, LocalServer, serving

from harness.engines import open_engine
from harness.engines.base import Engine, EngineSettings
from harness.engines.model import served
from harness.entries import Endpoint
from harness.errors import EngineError, NoLogProbabilitiesError, PromptTooLongError, UnknownNameError, UsageError
from harness.records import Answer, Choice, Infill, Message, Sampling

T = TypeVar("T")
HELLO = (Message("user", "Hello"),)
TURNS = (
    Message("system", "Be brief."),
    Message("system", "Be kind."),
    Message("user", "Hello"),
    Message("assistant", "Hi"),
    Message("user", "And?"),
)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serving(models=("claude",)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOD", KEY)
    monkeypatch.setenv("BAD", "sk-wrong-secret")
    monkeypatch.setattr(anthropic._base_client, "INITIAL_RETRY_DELAY", 0.01)  # what it waits where no server says


def using(server: LocalServer, work: Callable[[Engine], Awaitable[T]], name: str = "claude", **settings: Any) -> T:
    known: dict[str, Any] = {"base_url": server.url, "api_key_env": "GOOD", "protocol": "anthropic"}
    endpoint = Endpoint(**(known | settings))

    async def session() -> T:
        async with open_engine(
            EngineSettings("endpoint", endpoint=endpoint), served(name, endpoint), 0, print
        ) as engine:
            return await work(engine)

    return asyncio.run(session())


def chat(stream: bool = False) -> Callable[[Engine], Awaitable[Answer]]:
    return lambda engine: engine.chat(HELLO, Sampling(3), stream)


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
def test_a_conversation_goes_as_the_protocol_has_it(server: LocalServer, ending: str) -> None:
    sampling = Sampling(9, temperature=0.5, top_p=0.9, stop=("END", "\n\n", " "), seed=4)
    answer = using(
        server, lambda engine: engine.chat(TURNS, sampling), base_url=server.url.removesuffix("/v1") + ending
    )
    assert (answer.text, answer.finish_reason) == (server.behaviour.text, "length")
    assert (answer.prompt_tokens, answer.answer_tokens, answer.first_token_seconds) == (7, 3, None)
    assert [request.path for request in server.requests] == ["/v1/messages"]
    assert server.bodies[0] == {
        "model": "claude",
        "system": "Be brief.\n\nBe kind.",
        "messages": [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"},
            {"role": "user", "content": "And?"},
        ],
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop_sequences": ["END"],
    }


def test_what_says_nothing_is_left_out(server: LocalServer) -> None:
    using(server, lambda engine: engine.chat(HELLO, Sampling(9, stop=("\n",))))
    assert set(server.bodies[0]) == {"model", "messages", "max_tokens", "temperature"}
    using(server, chat(), omit=("temperature",))
    assert "temperature" not in server.bodies[1]


def test_an_answer_that_ended_by_itself_says_so(server: LocalServer) -> None:
    server.behaviour.finish = "stop"
    assert using(server, chat()).finish_reason == "stop"


def test_a_stream_gives_the_whole_text_its_usage_and_the_first_tokens_time(server: LocalServer) -> None:
    answer = using(server, chat(stream=True))
    assert server.bodies[0]["stream"] is True
    assert (answer.text, answer.finish_reason) == (server.behaviour.text, "length")
    assert (answer.prompt_tokens, answer.answer_tokens) == (7, 3)
    assert answer.first_token_seconds is not None
    assert 0 < answer.first_token_seconds <= answer.seconds


def test_an_infill_goes_by_chat_and_a_choice_by_letter(server: LocalServer) -> None:
    server.behaviour.text = "B"
    place, letters = Infill("def f(", "): ..."), Choice("2 + 2 =", (" 3", " 4"))

    async def work(engine: Engine) -> list[Answer]:
        return [await engine.infill(place, Sampling(3)), await engine.pick(letters, Sampling(3))]

    infilled, picked = using(server, work)
    assert (infilled.fallback, infilled.text) == (True, "B")
    assert (picked.fallback, picked.options) == (True, (None, 0.0))


def test_what_the_protocol_has_not_is_refused_in_one_line(server: LocalServer) -> None:
    with pytest.raises(UsageError, match="cannot continue a plain text"):
        using(server, lambda engine: engine.complete("def f", Sampling(3)))
    with pytest.raises(NoLogProbabilitiesError, match="tells no log-probabilities") as caught:
        using(server, lambda engine: engine.choose(Choice("2 + 2 =", (" 3", " 4"))))
    assert "--choices generated" in caught.value.mend
    assert not server.requests


FAULTS = {
    "429": Fault(status=429, message="slow down"),
    "500": Fault(status=500),
    "529": Fault(status=529, message="overloaded"),
    "reset": RESET,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_passing_fault_is_retried(server: LocalServer, fault: Fault, stream: bool) -> None:
    server.behaviour.faults = [fault]
    assert using(server, chat(stream)).text == server.behaviour.text
    assert len(server.requests) == 2


def test_a_server_that_says_when_to_come_again_is_not_asked_before(server: LocalServer) -> None:
    server.behaviour.faults = [Fault(status=429, retry_after=0.3)]
    using(server, chat())
    first, second = server.requests
    assert second.at - first.at >= 0.3


@pytest.mark.parametrize("fault", [Fault(), TRUNCATED, RESET, EMPTY], ids=lambda fault: fault.kind)
def test_a_lasting_fault_is_an_engine_error(server: LocalServer, fault: Fault) -> None:
    server.behaviour.faults = [fault] * 9
    with pytest.raises(EngineError):
        using(server, chat())


def test_a_stream_that_breaks_is_an_engine_error_and_no_short_answer(server: LocalServer) -> None:
    server.behaviour.faults = [BROKEN_STREAM] * 9
    with pytest.raises(EngineError):
        using(server, chat(stream=True))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_server_that_hangs_is_an_engine_error_after_the_time_allowed(server: LocalServer, stream: bool) -> None:
    server.behaviour.faults = [HANG] * 9
    with pytest.raises(EngineError, match="APITimeoutError"):
        using(server, chat(stream), timeout_seconds=0.1)


def test_a_prompt_beyond_the_context_is_told_apart(server: LocalServer) -> None:
    server.behaviour.faults = [Fault(status=400, message="prompt is too long: 9 tokens > 8 maximum")]
    with pytest.raises(PromptTooLongError):
        using(server, chat())
    assert len(server.requests) == 1


def test_a_wrong_key_model_or_address_is_one_clear_line(server: LocalServer) -> None:
    with pytest.raises(UsageError, match="refuses the key") as refused:
        using(server, chat(), api_key_env="BAD")
    assert "sk-wrong-secret" not in refused.value.message
    with pytest.raises(UnknownNameError) as unknown:
        using(server, chat(), name="cluade")
    assert 'did you mean "claude"?' in unknown.value.mend
    with pytest.raises(UsageError, match=r"http://127\.0\.0\.1:9/v1: APIConnectionError"):
        using(server, chat(), base_url="http://127.0.0.1:9/v1")
    with pytest.raises(UsageError, match="not found") as lost:
        using(server, chat(), base_url=server.url + "/elsewhere")
    assert "--base-url" in lost.value.mend
    assert not server.requests


def test_a_description_holds_no_key(server: LocalServer) -> None:
    endpoint = replace(Endpoint(), base_url=server.url, api_key_env="GOOD", protocol="anthropic")
    engine = open_engine(EngineSettings("endpoint", endpoint=endpoint), served("claude", endpoint), 0, print)
    assert KEY not in repr(engine.describe())
    assert engine.describe()["protocol"] == "anthropic"
