"""How stems become HTTP requests to vLLM, and which question goes ahead."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from harness.engines.stems import Likely, Stem
from harness.engines.vllm.choices import GATHERED, Headers, Scorer
from harness.errors import EngineError


class Server:
    """Tells token t after n ids with log-probability -(n + t / 1000) and rank t, writes 8; knows what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[list[int]], dict[str, Any]]] = []

    async def __call__(self, prompts: list[list[int]], **extra: Any) -> Any:
        self.asked.append((prompts, extra))
        await asyncio.sleep(0)
        choices = [self._choice(index, ids, extra) for index, ids in enumerate(prompts)]
        return SimpleNamespace(choices=choices[::-1])

    def _choice(self, index: int, ids: list[int], extra: dict[str, Any]) -> Any:
        last = {f"token_id:{token}": -(len(ids) + token / 1000) for token in extra["logprob_token_ids"]}
        rows = [
            None,
            *({str(token): {"logprob": -(at + token / 1000), "rank": token}} for at, token in enumerate(ids[1:], 1)),
        ]
        return SimpleNamespace(
            index=index,
            logprobs=SimpleNamespace(top_logprobs=[last], tokens=["token_id:8"]),
            prompt_logprobs=rows if "prompt_logprobs" in extra else None,
        )


def scored(server: Any, *stems: Stem) -> list[Any]:
    async def work() -> list[Any]:
        scorer = Scorer(server)
        return list(await asyncio.gather(*map(scorer.score, stems), return_exceptions=True))

    return asyncio.run(work())


def values(found: list[Likely]) -> list[float]:
    return [each.value for each in found]


def test_options_of_one_token_ask_for_no_prompt_log_probabilities() -> None:
    server = Server()
    found = scored(server, *(Stem((1,) * (number + 1), 0, (0, 1), (7, 8)) for number in range(40)))
    assert values(found[2]) == pytest.approx([-3.007, -3.008])
    assert [each.greedy for each in found[2]] == [False, True]
    assert [len(prompts) for prompts, _ in server.asked] == [GATHERED, 8]
    assert all("prompt_logprobs" not in extra for _, extra in server.asked)
    assert all(extra["logprobs"] == len(extra["logprob_token_ids"]) == 2 for _, extra in server.asked)


def test_what_stands_before_the_last_token_comes_from_the_prompt() -> None:
    server = Server()
    ((option,),) = scored(server, Stem((1, 2, 3, 4), 2, (0,), (9,)))
    assert option.value == pytest.approx(-(2 + 0.003) - (3 + 0.004) - (4 + 0.009))


def test_an_option_is_greedy_where_each_of_its_tokens_is_the_likeliest() -> None:
    found = scored(Server(), *(Stem((1, 2, *middle), len(middle), (0, 1), (8, 9)) for middle in [(1, 1), (1, 2), ()]))
    assert [[each.greedy for each in options] for options in found] == [[True, False], [False, False], [True, False]]


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
    assert values(good) == pytest.approx([-1.005])
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
