"""``evaluate import``: results of other harnesses as baselines. Its name is a keyword, hence the module's."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.cli.arguments import Parser


def main(argv: Sequence[str]) -> int:
    """Writes a folder for ``evaluate compare RUN --against``; 3 where some of the results cannot be paired."""
    parser = Parser(
        "evaluate import",
        "Makes a baseline of what lm-eval, EvalPlus or BigCodeBench have written: results_DATE.json with the samples\n"
        "beside it (lm_eval --log_samples), or *_eval_results.json.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the other harness' results")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="the baseline's folder")
    parser.add_argument("--model", default="", metavar="M", help="who answered (default: as the file or its name says)")
    parser.add_argument("--feature", default="", metavar="F", help="default: the one that has the benchmark")
    parser.add_argument("--json", action="store_true", help="for machines")
    arguments = parser.parse_args(argv)

    from harness import catalog
    from harness.errors import DataError
    from harness.importing.lm_eval import read_lm_eval
    from harness.importing.programs import PASS_AT_K, read_programs
    from harness.importing.results import feature_of, write_imported

    file: Path = arguments.file
    try:
        told = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or f"not JSON: {error}"
        raise DataError(f"cannot read {file}: {why}", "name a results file of another harness") from None
    left_out: tuple[str, ...] = ()
    if isinstance(told, dict) and "results" in told:
        model, files, results, left_out = read_lm_eval(file)
    elif isinstance(told, dict) and ("eval" in told or file.name.endswith(PASS_AT_K)):
        model, files, one = read_programs(file)
        results = (one,)
    else:
        raise DataError(f"{file} is no results file that is known here", "see: evaluate import --help")
    feature = arguments.feature or feature_of([each.benchmark for each in results])
    catalog.feature(feature)
    manifest = write_imported(arguments.out, arguments.model or model, feature, files, results)
    if arguments.json:
        told = {"folder": str(arguments.out), "model": manifest.model, "feature": feature}
        rows = [{"benchmark": job.benchmark, "samples": job.samples, "attempts": job.attempts} for job in manifest.jobs]
        print(json.dumps({**told, "benchmarks": rows, "left_out": left_out}, indent=1, ensure_ascii=False))
    else:
        for job in manifest.jobs:
            print(f"{manifest.model} {job.benchmark}: {job.samples} samples, {job.attempts} attempts each")
        print(arguments.out)
    for each in left_out:
        print(f"left out: {each}", file=sys.stderr)
    return 3 if left_out else 0
