"""The endpoint engine against a real local server that speaks OpenAI's protocol and can be made to fail."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import openai
import pytest
from conftest import Evaluate
from local_server import BROKEN_STREAM, EMPTY, HANG, KEY, RESET, TRUNCATED, Fault, LocalServer, serving

from harness.engines import api_key, open_engine
from harness.engines.base import Engine, EngineSettings
from harness.engines.model import Model, served
from harness.entries import Endpoint
from harness.errors import (
    EngineError,
    NoLogProbabilitiesError,
    PromptTooLongError,
    UnavailableError,
    UnknownNameError,
    UsageError,
)
from harness.prompts.infill import InfillFormat
from harness.records import Answer, Choice, Infill, Likelihood, Message, Passage, Sampling

T = TypeVar("T")
HELLO = (Message("user", "Hello"),)
PLACE = Infill("def f(x):\n    ", "\n    return y\n", "f.py", "python")
LETTERS = Choice("2 + 2 =\nA. 3\nB. 4\nAnswer:", (" A", " B"))


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serving() as opened:
        yield opened


def using(
    server: LocalServer,
    work: Callable[[Engine], Awaitable[T]],
    name: str = "org/big",
    key: str = "GOOD",
    infill: InfillFormat | None = None,
    **settings: Any,
) -> T:
    endpoint = Endpoint(base_url=server.url, api_key_env=key, **settings)
    model = replace(served(name, endpoint), infill=infill)

    async def session() -> T:
        async with open_engine(EngineSettings("endpoint", endpoint=endpoint), model, 0, print) as engine:
            return await work(engine)

    return asyncio.run(session())


def chat(stream: bool = False) -> Callable[[Engine], Awaitable[Answer]]:
    return lambda engine: engine.chat(HELLO, Sampling(3), stream)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOD", KEY)
    monkeypatch.setenv("BAD", "sk-wrong-secret")
    monkeypatch.setattr(openai._base_client, "INITIAL_RETRY_DELAY", 0.01)  # what it waits where no server says


def test_chat_and_completion_with_all_settings(server: LocalServer) -> None:
    async def work(engine: Engine) -> list[Answer]:
        sampling = Sampling(9, temperature=0.5, top_p=0.9, stop=("END",), seed=4)
        return [await engine.chat(HELLO, sampling), await engine.complete("def f", sampling)]

    for answer in using(server, work):
        assert (answer.text, answer.finish_reason) == (server.behaviour.text, "length")
        assert (answer.prompt_tokens, answer.answer_tokens) == (7, 3)
        assert (answer.first_token_seconds, answer.fallback) == (None, False)
    chat, completion = server.bodies
    assert [request.path for request in server.requests] == ["/v1/chat/completions", "/v1/completions"]
    assert chat["messages"] == [{"role": "user", "content": "Hello"}]
    assert completion["prompt"] == "def f"
    for sent in (chat, completion):
        wanted = {"model": "org/big", "max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["END"], "seed": 4}
        assert wanted.items() <= sent.items()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_stop_strings_beyond_those_that_a_server_takes_end_the_answer_here(server: LocalServer, stream: bool) -> None:
    server.behaviour.text = "    return a + b\n\nassert add(1, 2) == 3\nprint(add(1, 2))\n"
    stop = ("\ndef ", "\nclass ", "\nimport ", "\nfrom ", "\nprint(", "\nassert ")
    answer = using(server, lambda engine: engine.complete("def add(a, b):\n", Sampling(99, stop=stop), stream))
    assert server.bodies[0]["stop"] == list(stop[:4])
    assert (answer.text, answer.finish_reason) == ("    return a + b\n", "stop")
    assert (answer.prompt_tokens, answer.answer_tokens) == (7, 3), "what was written was paid for"


def test_a_server_is_asked_by_the_name_it_has_for_the_model(server: LocalServer) -> None:
    answer = using(server, chat(), name="our name", model="org/big")
    assert answer.text == server.behaviour.text
    assert server.bodies[0]["model"] == "org/big"


def test_parameters_a_server_refuses_are_left_out_and_its_own_name_for_the_limit_is_used(server: LocalServer) -> None:
    using(server, chat(), omit=("temperature", "top_p", "seed"), max_tokens_name="max_completion_tokens")
    sent = server.bodies[0]
    assert sent["max_completion_tokens"] == 3
    assert not sent.keys() & {"temperature", "top_p", "seed", "max_tokens"}
    using(server, chat(), omit=("max_tokens",))
    assert "max_tokens" not in server.bodies[1]


@pytest.mark.parametrize("kind", ["chat", "complete"])
def test_a_stream_gives_the_whole_text_its_usage_and_the_first_tokens_time(server: LocalServer, kind: str) -> None:
    prompt = HELLO if kind == "chat" else "def f"
    answer = using(server, lambda engine: getattr(engine, kind)(prompt, Sampling(3), stream=True))
    assert server.bodies[0]["stream"] is True
    assert (answer.text, answer.finish_reason) == (server.behaviour.text, "length")
    assert (answer.prompt_tokens, answer.answer_tokens) == (7, 3)
    assert answer.first_token_seconds is not None
    assert 0 < answer.first_token_seconds <= answer.seconds


def test_an_empty_stream_has_no_first_token(server: LocalServer) -> None:
    server.behaviour.text, server.behaviour.finish = "", "stop"
    answer = using(server, chat(stream=True))
    assert (answer.text, answer.finish_reason, answer.first_token_seconds) == ("", "stop", None)


FAULTS = {
    "429": Fault(status=429, message="slow down"),
    "500": Fault(status=500),
    "503": Fault(status=503, message="busy"),
    "reset": RESET,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_passing_fault_is_retried(server: LocalServer, fault: Fault, stream: bool) -> None:
    server.behaviour.faults = [fault]
    assert using(server, chat(stream)).text == server.behaviour.text
    assert len(server.requests) == 2


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
    with pytest.raises(EngineError, match=r"APITimeoutError"):
        using(server, chat(stream), timeout_seconds=0.1)
    assert len(server.requests) == 5


def test_a_server_that_says_when_to_come_again_is_not_asked_before(server: LocalServer) -> None:
    server.behaviour.faults = [Fault(status=429, retry_after=0.3)]
    assert using(server, chat()).text == server.behaviour.text
    first, second = server.requests
    assert second.at - first.at >= 0.3


def test_a_prompt_beyond_the_context_is_told_apart(server: LocalServer) -> None:
    server.behaviour.faults = [Fault(status=400, message="This model's maximum context length is 10 tokens")]
    with pytest.raises(PromptTooLongError, match=r"prompt too long: .*maximum context length is 10"):
        using(server, chat())
    assert len(server.requests) == 1


def test_another_refusal_is_an_engine_error_that_says_why(server: LocalServer) -> None:
    server.behaviour.faults = [Fault(status=400, message="seed must be positive")]
    with pytest.raises(EngineError, match=r"refuses the request: .*seed must be positive") as caught:
        using(server, chat())
    assert not isinstance(caught.value, PromptTooLongError)


@pytest.mark.parametrize(
    ("limit", "gap"),
    [({"requests_per_minute": 600}, 0.1), ({"tokens_per_minute": 6000}, 0.1)],
    ids=["requests", "tokens"],
)
def test_a_rate_limit_spaces_requests(server: LocalServer, limit: dict[str, float], gap: float) -> None:
    async def work(engine: Engine) -> None:
        await asyncio.gather(*(engine.chat(HELLO, Sampling(9)) for _ in range(4)))

    using(server, work, **limit)
    arrivals = sorted(request.at for request in server.requests)
    # The listing of models took the first turn; with tokens each question is about 1 + 9 of them, 10 ms each.
    assert arrivals[-1] - arrivals[0] >= 3 * gap * 0.8
    assert len(arrivals) == 4


def test_without_a_limit_requests_do_not_wait_for_each_other(server: LocalServer) -> None:
    async def work(engine: Engine) -> None:
        await asyncio.gather(*(engine.chat(HELLO, Sampling(9)) for _ in range(4)))

    server.behaviour.seconds = 0.3
    using(server, work)
    assert server.most_in_flight == 4


@pytest.mark.parametrize("most", [20, 5], ids=["as vLLM", "as OpenAI"])
def test_options_get_the_log_probabilities_that_the_server_reports(server: LocalServer, most: int) -> None:
    server.behaviour.most_logprobs = most
    server.behaviour.top_logprobs = {" B": -0.5, "B": -4.0, " A": -1.5, " x": -9.0}
    answer = using(server, lambda engine: engine.choose(Choice(LETTERS.context, (*LETTERS.options, " C"))))
    assert answer.options == (-1.5, -0.5, None)
    assert (answer.prompt_tokens, answer.fallback) == (7, False)
    sent = server.bodies[-1]
    assert (sent["prompt"], sent["max_tokens"], sent["logprobs"]) == (LETTERS.context, 1, most)


@pytest.mark.parametrize(
    "changes",
    [{}, {"top_logprobs": {}}, {"most_logprobs": 0}, {"without": ("/v1/completions",)}],
    ids=["none in the answer", "an empty list", "refused", "no completions"],
)
def test_a_server_without_log_probabilities_is_one_clear_usage_error(
    server: LocalServer, changes: dict[str, Any]
) -> None:
    server.behaviour = replace(server.behaviour, **changes)
    with pytest.raises(NoLogProbabilitiesError) as caught:
        using(server, lambda engine: engine.choose(LETTERS))
    assert caught.value.exit_code == 2
    assert "tells no log-probabilities" in caught.value.message
    assert "\n" not in caught.value.message
    assert "--choices generated" in caught.value.mend


SEVERAL = Choice("The capital of France is ", ("Paris, of course", "a town"))


@pytest.mark.parametrize("echoes", ["yes", "with BOS"])
def test_options_of_several_tokens_are_echoed_in_one_request(echoes: str) -> None:
    with serving(echoes=echoes) as server:
        answer = using(server, lambda engine: engine.choose(SEVERAL))
    assert answer.options == pytest.approx((-0.1 * len(" Paris, of course"), -0.1 * len(" a town")))
    (body,) = server.bodies
    assert (body["echo"], body["prompt"]) == (True, [SEVERAL.context + option for option in SEVERAL.options])


@pytest.mark.parametrize("echoes", ["refuses", "ignores"])
def test_options_of_several_tokens_without_an_echo_are_refused(echoes: str) -> None:
    with serving(echoes=echoes, top_logprobs={" Paris": -0.1}) as server:
        with pytest.raises(NoLogProbabilitiesError, match="options of several tokens") as caught:
            using(server, lambda engine: engine.choose(SEVERAL))
        assert "--choices generated" in caught.value.mend


@pytest.mark.parametrize("echoes", ["yes", "with BOS"])
def test_given_texts_are_echoed_with_the_likeliest_tokens_beside_them(echoes: str) -> None:
    user = (Message("user", "The capital of France"),)
    prompt = Likelihood((), (), (user, user), (" is Paris", "\nis Paris"))
    with serving(echoes=echoes) as server:
        answer = using(server, lambda engine: engine.likelihood(prompt))
    assert answer.options == pytest.approx((-0.9, -0.9))
    assert answer.greedy == (True, False)


@pytest.mark.parametrize("prompt", ["chat", "alone", "no echo"])
def test_given_texts_that_a_server_cannot_score_are_refused(prompt: str) -> None:
    question = None if prompt == "alone" else (Message("user", "Q"),)
    with serving(echoes="ignores" if prompt == "no echo" else "yes") as server:
        with pytest.raises(UnavailableError, match="tells no log-probabilities of options"):
            using(
                server, lambda engine: engine.likelihood(Likelihood((), (), (question,), ("a",), chat=prompt == "chat"))
            )
        with pytest.raises(UnavailableError, match="tells no log-probabilities of whole texts"):
            using(server, lambda engine: engine.passage(Passage("a")))


def test_options_that_are_not_among_the_likeliest_are_echoed() -> None:
    with serving(echoes="yes", top_logprobs={" x": -0.1}) as server:
        answer = using(server, lambda engine: engine.choose(LETTERS))
    assert all(value is not None for value in answer.options)
    assert ["echo" in body for body in server.bodies] == [False, True]


def test_a_choice_in_a_conversation_reads_the_first_tokens_of_the_turn() -> None:
    with serving(top_logprobs={"B": -0.2, " A": -2.0}) as server:
        prompt = Choice("Q?", ("A", "B", "C"), lead="Be terse.", shots=("S ",), chat=True)
        answer = using(server, lambda engine: engine.choose(prompt))
    assert answer.options == (-2.0, -0.2, None)
    (body,) = server.bodies
    assert body["messages"] == [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "S Q?"}]
    assert (body["logprobs"], body["top_logprobs"]) == (True, 20)


@pytest.mark.parametrize(("text", "options"), [("B", (None, 0.0)), ("I do not know", (None, None))])
def test_a_choice_by_letter_is_marked_as_a_fallback(
    server: LocalServer, text: str, options: tuple[float | None, ...]
) -> None:
    server.behaviour.text = text
    answer = using(server, lambda engine: engine.pick(LETTERS, Sampling(4)))
    assert (answer.options, answer.fallback, answer.text) == (options, True, text)
    assert server.requests[0].path == "/v1/chat/completions"
    assert LETTERS.context in server.bodies[0]["messages"][-1]["content"]


def test_an_infill_goes_in_the_familys_own_tokens(server: LocalServer) -> None:
    family = InfillFormat("f", ("*",), "PSM", "<P>", "<S>", "<M>", ("<P>", "<E>"))
    answer = using(server, lambda engine: engine.infill(PLACE, Sampling(5, stop=("\n\n",))), infill=family)
    assert server.requests[0].path == "/v1/completions"
    assert server.bodies[0]["prompt"] == f"<P>{PLACE.prefix}<S>{PLACE.suffix}<M>"
    assert server.bodies[0]["stop"] == ["\n\n", "<P>", "<E>"]
    assert (answer.fallback, answer.form, answer.family) == (False, "infill", "f")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_infill_without_such_tokens_falls_back_to_chat(server: LocalServer, stream: bool) -> None:
    answer = using(server, lambda engine: engine.infill(PLACE, Sampling(5), stream))
    assert answer.fallback
    assert (answer.first_token_seconds is not None) == stream
    assert server.requests[0].path == "/v1/chat/completions"
    asked = server.bodies[0]["messages"][-1]["content"]
    assert f"{PLACE.prefix}<|cursor|>{PLACE.suffix}" in asked
    assert "f.py" in asked


def test_a_refused_key_is_not_shown(server: LocalServer) -> None:
    with pytest.raises(UsageError, match="refuses the key") as caught:
        using(server, chat(), key="BAD")
    assert "sk-wrong-secret" not in caught.value.message
    assert "[key]" in caught.value.message


def test_a_model_the_server_has_not_is_named(server: LocalServer) -> None:
    with pytest.raises(UnknownNameError) as caught:
        using(server, chat(), name="org/bg")
    assert 'did you mean "org/big"?' in caught.value.mend


def test_a_server_that_is_not_there_is_one_clear_line() -> None:
    endpoint = Endpoint(base_url="http://127.0.0.1:9/v1")

    async def session() -> None:
        async with open_engine(EngineSettings("endpoint", endpoint=endpoint), served("m", endpoint), 0, print):
            raise AssertionError("nobody is there")

    with pytest.raises(UsageError, match=r"^http://127\.0\.0\.1:9/v1: APIConnectionError") as caught:
        asyncio.run(session())
    assert "check --base-url" in caught.value.mend


@pytest.mark.parametrize("url", ["", "localhost:8000", "http://user:secret@host/v1", "http://host/v1?key=secret"])
def test_an_address_that_is_none_or_holds_a_key_is_refused(url: str) -> None:
    endpoint = Endpoint(base_url=url)
    with pytest.raises(UsageError, match="--base-url") as caught:
        open_engine(EngineSettings("endpoint", endpoint=endpoint), served("m", endpoint), 0, print)
    assert "secret" not in caught.value.message


def test_a_key_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="NOWHERE is not set"):
        api_key("NOWHERE")
    assert api_key("") == ""


def test_a_description_holds_no_key(server: LocalServer) -> None:
    endpoint = Endpoint(base_url=server.url, api_key_env="GOOD")
    engine = open_engine(EngineSettings("endpoint", endpoint=endpoint), Model("m", "s", served_name="m"), 0, print)
    assert KEY not in repr((engine.describe(), endpoint))
    assert engine.describe()["base_url"] == server.url


JOB = ("--feature", "code-suggestions", "--benchmark", "code-generation", "--limit", "4", "--engine", "endpoint")


def test_the_main_job_on_an_endpoint_leaves_no_trace_of_the_key(
    evaluate: Evaluate, server: LocalServer, tmp_path: Path
) -> None:
    job = ("--model", "org/big", *JOB, "--base-url", server.url, "--api-key-env", "GOOD")
    shown = evaluate(*job, "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["rows"][0]["records"] == 4
    assert {request.key for request in server.requests} == {KEY}
    written = [path for path in (tmp_path / "results").rglob("*") if path.is_file()]
    assert {path.name for path in written} == {"manifest.json", "records.jsonl", "screening.json", "summary.json"}
    assert not any(KEY in text for text in (shown.stdout, shown.stderr, *(path.read_text() for path in written)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--api-key-env", "BAD"), "refuses the key"),
        (("--api-key-env", "NOWHERE"), "the environment variable NOWHERE is not set"),
        (("--model", "org/bg"), 'unknown model of http://127.0.0.1:{port}/v1 "org/bg"'),
        (("--base-url", "http://127.0.0.1:{port}/v2"), "http://127.0.0.1:{port}/v2: not found"),
    ],
    ids=["wrong key", "no key", "wrong model", "wrong path"],
)
def test_a_wrong_server_key_or_model_is_one_clear_line_and_nothing_is_written(
    evaluate: Evaluate, server: LocalServer, tmp_path: Path, wrong: tuple[str, str], said: str
) -> None:
    options = {"--model": "org/big", "--base-url": server.url, "--api-key-env": "GOOD"}
    options[wrong[0]] = wrong[1].format(port=server.server_port)
    shown = evaluate(*JOB, *(part for option in options.items() for part in option))
    assert shown.returncode == 2, shown.stderr
    assert said.format(port=server.server_port) in shown.stderr
    assert len([line for line in shown.stderr.splitlines() if line.startswith("error: ")]) == 1
    assert "Traceback" not in shown.stderr
    assert "sk-wrong-secret" not in shown.stderr
    assert not server.requests
    assert list((tmp_path / "results").rglob("*")) == [tmp_path / "results/runs"]
