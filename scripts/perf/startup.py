"""How long ``evaluate --help`` takes, as a ratio to an empty Python program, both run in turn on this machine.

python scripts/perf/startup.py [RUNS]          # prints JSON; goal: ratio <= 4
"""

import json
import platform
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

EVALUATE = Path(sys.executable).with_name("evaluate")


def seconds(command: list[str]) -> float:
    """Wall seconds of one run of ``command``."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main(runs: int) -> None:
    empty, helped = [sys.executable, "-c", "pass"], [str(EVALUATE), "--help"]
    pairs = [(seconds(empty), seconds(helped)) for _ in range(runs + 2)][2:]  # the first two fill the disk cache
    print(
        json.dumps(
            {
                "ratio": round(median(b / a for a, b in pairs), 2),
                "python_ms": round(1000 * median(a for a, _ in pairs), 1),
                "evaluate_help_ms": round(1000 * median(b for _, b in pairs), 1),
                "runs": runs,
                "python": platform.python_version(),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
