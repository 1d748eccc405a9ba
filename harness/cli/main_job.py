"""One call of the main job: puts the parts together in order. No logic of its own."""

import argparse
import asyncio
import json
import signal
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from harness.datasource import data_dir_from
from harness.engines import open_engine
from harness.engines.base import EngineSettings
from harness.engines.model import Model, locate, served
from harness.journal import Journal
from harness.manifest import (
    MANIFEST,
    Manifest,
    check_same_data,
    command_line,
    manifest_of,
    new_session,
    read_manifest,
    run_folder,
    write_json,
)
from harness.pipeline import open_attempts, run
from harness.plan import Options, Plan, attempts, make_plan, prompt_characters
from harness.reporting.progress import RunProgress, error_console
from harness.reporting.table import print_summary, results_console
from harness.sandbox.pool import Sandbox, choose_level
from harness.summary import SUMMARY, summarise


def options_from(arguments: argparse.Namespace) -> Options:
    """The command line as a plan's options."""
    return Options(
        model=arguments.model,
        feature=arguments.feature,
        use_cases=tuple(arguments.use_case),
        benchmarks=tuple(arguments.benchmark),
        suite=arguments.suite,
        settings=tuple(arguments.set),
        limit=arguments.limit,
        attempts=arguments.attempts,
        temperature=arguments.temperature,
        top_p=arguments.top_p,
        seed=arguments.seed,
        languages=tuple(arguments.language),
        engine=EngineSettings(
            name=arguments.engine,
            dtype=arguments.dtype,
            max_model_len=arguments.max_model_len,
            base_url=arguments.base_url,
            api_key_env=arguments.api_key_env,
        ),
        data_dir=data_dir_from(arguments.data_dir),
        strict=arguments.strict,
    )


class MainJob:
    """One call: its options, its plan, and where it writes."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        # A job that is cancelled ends like one that is interrupted: with its records kept.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        self.arguments = arguments
        self.say = error_console()
        self.plan: Plan = make_plan(options_from(arguments), self._find_model)

    def dry_run(self) -> int:
        """Prints what would be asked; asks nothing, writes nothing."""
        rows = [
            {
                "use_case": job.use_case,
                "benchmark": job.entry.name,
                "samples": len(job.samples),
                "answers": len(job.samples) * self.plan.options.attempts,
                "prompt_characters": sum(prompt_characters(sample.prompt) for sample in job.samples)
                * self.plan.options.attempts,
                "most_answer_tokens": len(job.samples) * self.plan.options.attempts * job.benchmark.max_tokens,
            }
            for job in self.plan.jobs
        ]
        if self.arguments.json:
            print(json.dumps({"settings_hash": self.plan.settings_hash, "jobs": rows}, indent=1))
        else:
            for row in rows:
                print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in row.items()))
        return 0

    def evaluate(self) -> int:
        """Runs what is left to run and prints the summary."""
        folder = run_folder(self.plan, self.arguments.out)
        with Journal(folder) as journal:
            earlier = read_manifest(folder)
            if earlier:
                check_same_data(earlier, self.plan)
            manifest = manifest_of(self.plan, earlier.sessions if earlier else ())
            left = sum(1 for _ in open_attempts(self.plan, journal))
            try:
                if left:
                    self._run(folder, journal, manifest, left)
                else:
                    write_json(folder / MANIFEST, manifest)
            finally:
                # An interrupted run has a summary, too; one that never began to ask has nothing to sum up.
                if begun := read_manifest(folder):
                    summary = summarise(begun, journal.records.values())
                    write_json(folder / SUMMARY, summary)
        if self.arguments.json:
            print(json.dumps(asdict(summary), indent=1, ensure_ascii=False))
        else:
            print_summary(summary, results_console(), self.plan.not_in_version)
        return 0 if summary.complete else 3

    def _find_model(self) -> Model:
        name = self.arguments.model
        if self.arguments.engine == "endpoint":
            return served(name, self.arguments.base_url)
        self._tell(f"model {name}: looking for its weights; where they are not here they are fetched once")
        return locate(name, self.arguments.revision)

    def _run(self, folder: Path, journal: Journal, manifest: Manifest, left: int) -> None:
        level = choose_level(self.arguments.sandbox)
        options = self.plan.options
        engine = open_engine(options.engine, self.plan.model)
        totals = Counter(job.entry.name for job, _, _ in attempts(self.plan))
        done = Counter(key[0] for key in journal.records if journal.settled(key))
        self._tell(f"{self.plan.model.name} from {self.plan.model.source}; sandbox: {level}; {folder}")
        self._tell(f"{done.total()} answers are there, {left} to ask" if done else f"{left} answers to ask")

        async def session() -> None:
            async with engine:
                begun = new_session(command_line(), str(level), engine.describe())
                write_json(folder / MANIFEST, manifest_of(self.plan, (*manifest.sessions, begun)))
                with Sandbox(level) as sandbox, RunProgress(totals, done, self.say) as progress:
                    await run(self.plan, engine, sandbox, journal, progress.advance)

        asyncio.run(session())

    def _tell(self, text: str) -> None:
        self.say.print(text, highlight=False, soft_wrap=True)
