"""``evaluate``: finds the sub-command, and turns every error into one line, a way to mend it and an exit code."""

import importlib
import keyword
import sys
from collections.abc import Sequence

COMMANDS = {
    "catalog": "what can be evaluated: catalog features|benchmarks|models|prompts|baselines",
    "data": "benchmark data: data list|pull|verify|validate",
    "screen": "a model's licence, files and standing, before a GPU is touched",
    "serve": "keep a vLLM server up, which later runs with the same settings find and reuse",
    "rescore": "score answers that are there already: sample files (EvalPlus, BigCodeBench) or journals",
    "compare": "a run against other runs, kept baselines or published scores: differences and labels",
    "gate": "fails where a run is worse than a baseline by more than a margin, beyond chance",
    "baseline": "runs that later ones are compared with: baseline add|list|show",
    "results": "all runs and baselines: what there is, and whether industry benchmarks say what use cases say",
    "report": "a static site of all runs: overview, features, runs, samples",
    "export": "runs in other formats: parquet, csv, lm-eval, openmetrics, junit, markdown",
    "nightly": "models times features from a file, one after the other, and a report of the night",
    "import": "results of lm-eval, EvalPlus or BigCodeBench as a baseline to compare with",
    "publish": "runs on an MLflow server, or in GitLab's model experiments",
    "judge": "what other models think of several runs' answers, seen together or two by two",
    "doctor": "what this machine can do, and what to install for the rest",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code (see harness/errors.py)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    name, rest = (arguments[0], arguments[1:]) if arguments and arguments[0] in COMMANDS else ("run", arguments)
    try:
        module = f"{name}_" if keyword.iskeyword(name) else name
        return int(importlib.import_module(f"harness.cli.{module}").main(rest))
    except KeyboardInterrupt:
        print("interrupted; what was answered is kept, the same command goes on from there", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        if "--debug" in arguments:
            raise
        message, mend, code = getattr(error, "message", ""), getattr(error, "mend", ""), getattr(error, "exit_code", 1)
        if not message:
            message, mend = (
                f"{type(error).__name__}: {error}",
                "this is a bug; run again with --debug for the traceback",
            )
        log = [f"  | {line}" for line in getattr(error, "log", ())]
        print(f"error: {message}", *log, *([f"  mend: {mend}"] if mend else []), sep="\n", file=sys.stderr)
        return int(code)


if __name__ == "__main__":
    sys.exit(main())
