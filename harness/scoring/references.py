"""What trusted reference solutions return, worked out in the sandbox once and kept: what answers are compared with."""

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import Any

from harness.benchmark import RunProgram
from harness.cache import keep, recall
from harness.records import Outcome, canonical_sha256
from harness.sandbox.program import Program, Values

FOLDER = "references"


@dataclass(frozen=True)
class Returned:
    """The values of a reference's calls in the form of :class:`Values`, and the CPU seconds that all took.

    ``reason`` says why there are none: then the reference itself failed.
    """

    values: tuple[Any, ...]
    cpu_seconds: float
    reason: str = ""


class References:
    """Runs references as they are asked for, each once, however many answers wait for it.

    Kept in the cache folder under the hash of the whole program, so that any change of it is another reference.
    """

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Future[Returned]] = {}

    async def returned(self, program: Program, run: RunProgram) -> Returned:
        """What the calls of ``program``, whose tests are :class:`Values`, return."""
        assert isinstance(program.tests, Values)
        key = canonical_sha256(asdict(program))
        asked = self._asked.get(key)
        if asked is None or asked.get_loop() is not asyncio.get_running_loop():
            asked = self._asked[key] = asyncio.ensure_future(self._find(key, program, run))
        returned = await asyncio.shield(asked)
        if returned.reason:
            self._asked.pop(key, None)
        return returned

    async def _find(self, key: str, program: Program, run: RunProgram) -> Returned:
        name = f"{FOLDER}/{key}.json"
        kept = _recalled(name)
        if kept is not None:
            return kept
        verdict = await run(program)
        if verdict.outcome is not Outcome.PASSED:
            return Returned((), verdict.cpu_seconds, f"the reference solution: {verdict.outcome}: {verdict.message}")
        returned = Returned(tuple(json.loads(verdict.output)), verdict.cpu_seconds)
        keep(name, {"values": returned.values, "cpu_seconds": returned.cpu_seconds})
        return returned


def _recalled(name: str) -> Returned | None:
    kept = recall(name)
    try:
        return Returned(tuple(kept["values"]), float(kept["cpu_seconds"]))
    except (ValueError, KeyError, TypeError):
        return None
