"""How stems become HTTP requests to vLLM, and which question goes ahead."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from harness.engines.stems import Stem
from harness.engines.vllm.choices import GATHERED, Headers, Scorer
from harness.errors import EngineError


class Server:
    """Tells token t after a text of n ids with log-probability -(n + t / 1000), and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[list[int]], dict[str, Any]]] = []

    async def __call__(self, prompts: list[list[int]], **extra: Any) -> Any:
        self.asked.append((prompts, extra))
        await asyncio.sleep(0)
        choices = [self._choice(index, ids, extra) for index, ids in enumerate(prompts)]
        return SimpleNamespace(choices=choices[::-1])

    def _choice(self, index: int, ids: list[int], extra: dict[str, Any]) -> Any:
        last = {f"token_id:{token}": -(len(ids) + token / 1000) for token in extra["logprob_token_ids"]}
        rows = [None, *({str(token): {"logprob": -(at + token / 1000)}} for at, token in enumerate(ids[1:], 1))]
        return SimpleNamespace(
            index=index,
            logprobs=SimpleNamespace(top_logprobs=[last]),
            prompt_logprobs=rows if "prompt_logprobs" in extra else None,
        )


def scored(server: Any, *stems: Stem) -> list[Any]:
    async def work() -> list[Any]:
        scorer = Scorer(server)
        return list(await asyncio.gather(*map(scorer.score, stems), return_exceptions=True))

    return asyncio.run(work())


def test_options_of_one_token_ask_for_no_prompt_log_probabilities() -> None:
    server = Server()
    found = scored(server, *(Stem((1,) * (number + 1), 0, (0, 1), (7, 8)) for number in range(40)))
    assert found[2] == pytest.approx([-3.007, -3.008])
    assert [len(prompts) for prompts, _ in server.asked] == [GATHERED, 8]
    assert all("prompt_logprobs" not in extra for _, extra in server.asked)
    assert all(extra["logprobs"] == len(extra["logprob_token_ids"]) == 2 for _, extra in server.asked)


def test_what_stands_before_the_last_token_comes_from_the_prompt() -> None:
    server = Server()
    ((value,),) = scored(server, Stem((1, 2, 3, 4), 2, (0,), (9,)))
    assert value == pytest.approx(-(2 + 0.003) - (3 + 0.004) - (4 + 0.009))


def test_kinds_go_apart_and_last_tokens_that_are_too_many_for_one_request_too() -> None:
    server = Server()
    wide = [Stem((1, 2, number), 1, (0,), tuple(range(100 * number, 100 * number + 100))) for number in range(3)]
    found = scored(server, Stem((1,), 0, (0,), (5,)), *wide)
    assert [len(each) for each in found] == [1, 100, 100, 100]
    assert sorted(len(extra["logprob_token_ids"]) for _, extra in server.asked) == [1, 100, 100, 100]


def test_a_failed_request_fails_its_questions_alone() -> None:
    class Failing(Server):
        async def __call__(self, prompts: list[list[int]], **extra: Any) -> Any:
            if "prompt_logprobs" in extra:
                raise EngineError("no")
            return await super().__call__(prompts, **extra)

    good, bad = scored(Failing(), Stem((1,), 0, (0,), (5,)), Stem((1, 2), 1, (0,), (5,)))
    assert good == pytest.approx([-1.005])
    assert isinstance(bad, EngineError)


def test_one_question_with_a_new_header_goes_ahead() -> None:
    async def work() -> list[str]:
        headers, order = Headers(), []

        async def question(name: str, *shots: str, fails: bool = False) -> None:
            async with headers.turn(("", shots)):
                order.append(f"{name} begins")
                await asyncio.sleep(0.01)
                order.append(f"{name} ends")
                if fails:
                    raise EngineError("no")

        jobs = [question("a1", "x", fails=True), question("a2", "x"), question("b1", "y"), question("none")]
        await asyncio.gather(*jobs, return_exceptions=True)
        return order

    order = asyncio.run(work())
    assert order.index("a2 begins") > order.index("a1 ends"), "also when the first one fails"
    assert order.index("b1 begins") < order.index("a1 ends")
    assert order.index("none begins") < order.index("a1 ends")
