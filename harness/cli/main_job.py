"""One call of the main job: puts the parts together in order. No logic of its own."""

import argparse
import asyncio
import json
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from pathlib import Path
from types import FrameType

from harness.baselines import side
from harness.cli.compare import against
from harness.cli.engine_options import wish_of
from harness.cli.options import options_from
from harness.cli.whole_run import counts, whole_run
from harness.engines import open_engine
from harness.engines.asking import Asker, Budget, counted, most
from harness.engines.base import Engine
from harness.engines.model import Model, locate, served
from harness.entries import Prices
from harness.files import make_folder, write_json
from harness.groundtruth import checked, own_sandboxes
from harness.journal import Journal
from harness.judges import calibrated, open_judges
from harness.latency import LATENCY, measure, read_latency, timed_jobs
from harness.manifest import (
    MANIFEST,
    Manifest,
    command_line,
    manifest_of,
    new_session,
    prices,
    run_folder,
)
from harness.pipeline import run
from harness.plan import Job, Plan, make_plan
from harness.prompts.instructions import instruction
from harness.records import prompt_characters
from harness.reporting.progress import RunProgress, error_console
from harness.sandbox.pool import Sandbox, choose_level
from harness.scoring.judge import RUBRIC, Panel, is_judged
from harness.screening.screen import SCREENING, screen


class MainJob:
    """One call: its options, its plan, and where it writes."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        # A job that is cancelled ends like one that is interrupted: with its records kept.
        signal.signal(signal.SIGTERM, _interrupted)
        self.arguments = arguments
        self.say = error_console()
        self.plan_options = options_from(arguments)
        self.plan: Plan = make_plan(self.plan_options, self._find_model)

    def dry_run(self) -> int:
        """Prints what would be asked; asks nothing, writes nothing."""
        known = prices(self.plan_options.model)
        rows = [
            {
                "use_case": job.use_case,
                "benchmark": job.entry.name,
                "samples": len(job.samples),
                "answers": len(job.samples) * self.plan.options.attempts,
                "prompt_characters": sum(prompt_characters(sample.prompt) for sample in job.samples)
                * self.plan.options.attempts,
                "most_answer_tokens": sum(map(job.most_tokens, job.samples)) * self.plan.options.attempts,
            }
            | ({"most_cost_usd": round(most_cost(known, job, self.plan.options.attempts), 4)} if known else {})
            for job in self.plan.jobs
        ]
        if self.arguments.json:
            print(json.dumps({"settings_hash": self.plan.settings_hash, "jobs": rows}, indent=1))
        else:
            for row in rows:
                print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in row.items()))
        return 0

    def evaluate(self) -> int:
        """Screens the model, runs what is left to run and prints the summary."""
        if self.arguments.against:
            side(self.arguments.against, self.plan.feature.name)  # a name that is none is told before anything is asked
        self._screen()
        self.plan = checked(self.plan, self.arguments.sandbox, self.arguments.accept_broken, self._tell)
        code = whole_run(self.plan, self.arguments.out, self.arguments.json, self._run)
        if self.arguments.against and not self.arguments.json:
            folder = run_folder(self.plan, self.arguments.out)
            against(folder, self.arguments.against, all_metrics=False, show=True)
        return code

    def _find_model(self) -> Model:
        options = self.plan_options
        if options.engine.name == "endpoint":
            return served(options.model, options.engine.endpoint)
        self._tell(f"model {options.model}: looking for its weights; where they are not here they are fetched once")
        serving = options.engine.serving
        revision, pickles = self.arguments.revision, self.arguments.allow_pickle
        return locate(options.model, revision, serving.trust_remote_code, serving.lora, pickles)

    def _screen(self) -> None:
        """Tells what screening finds; where it refuses the model that is written down, and the run ends here."""
        self.screening = screen(wish_of(self.arguments), self.plan.model)
        for each in self.screening.findings:
            if each.severity == "warned":
                self._tell(f"screening: {each.what}; {each.mend}")
        if self.screening.refused:
            folder = run_folder(self.plan, self.arguments.out)
            make_folder(folder)
            write_json(folder / SCREENING, self.screening)
        self.screening.check()

    def _run(self, folder: Path, journal: Journal, manifest: Manifest) -> None:
        level = choose_level(self.arguments.sandbox)
        options = self.plan.options
        engine = open_engine(options.engine, self.plan.model, options.seed, self._tell, self.plan.asks_infills)
        budget = Budget(options.max_cost, _spent(manifest, journal))
        before = counts(self.plan, journal)
        self._tell(f"{self.plan.model.name} from {self.plan.model.source}; sandbox: {level}; {folder}")
        there = sum(each.answered for each in before.values())
        to_ask = sum(each.total for each in before.values()) - there
        self._tell(f"{there} answers are there, {to_ask} to ask" if there else f"{to_ask} answers to ask")

        async def session() -> None:
            async with engine, AsyncExitStack() as stack:
                candidate = Asker(engine, options.engine, manifest.prices, budget)
                judges = await open_judges(options.judges, options.seed, budget, stack, self._tell)
                told = {name: judge.engine.describe() for name, judge in judges.items()}
                begun = new_session(command_line(), str(level), engine.describe(), told or None)
                write_json(folder / MANIFEST, manifest_of(self.plan, (*manifest.sessions, begun)))
                write_json(folder / SCREENING, self.screening)
                await self._time(folder, engine)
                panel = await self._panel(folder, judges)
                used = await engine.usage()
                try:
                    with Sandbox(level) as sandbox, RunProgress(before, self.say) as progress, ExitStack() as own:
                        sandboxes = own_sandboxes(self.plan, level, own)
                        await run(self.plan, candidate, sandbox, journal, progress, panel, sandboxes)
                finally:
                    ended = replace(begun, usage=await counted(candidate, judges.values(), used))
                    write_json(folder / MANIFEST, manifest_of(self.plan, (*manifest.sessions, ended)))

        asyncio.run(session())

    async def _panel(self, folder: Path, judges: Mapping[str, Asker]) -> Panel | None:
        """The run's judges; None where it has none."""
        if not judges:
            return None
        rubric = instruction(RUBRIC, self.plan.options.prompts_dir)
        if not any(is_judged(job.benchmark) for job in self.plan.jobs):
            return Panel({name: judge.ask for name, judge in judges.items()}, rubric)
        return await calibrated(judges, rubric, {self.plan.model.name}, folder, self._tell)

    async def _time(self, folder: Path, engine: Engine) -> None:
        """Measures latency where it is wanted and not yet there."""
        jobs = timed_jobs(self.plan, self.arguments.latency)
        if not jobs or read_latency(folder):
            return
        self._tell(f"timing streamed answers of {', '.join(job.entry.name for job in jobs)}")
        write_json(folder / LATENCY, await measure(self.plan, jobs, engine))

    def _tell(self, text: str) -> None:
        self.say.print(text, highlight=False, soft_wrap=True)


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Interrupts this process as Ctrl-C does, which asyncio takes as the end of the main task.

    An exception of our own could come up within any task, scoring for instance, and would be that one's alone.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job
        signal.default_int_handler(number, frame)
    signal.raise_signal(signal.SIGINT)


def most_cost(known: Prices, job: Job, times: int) -> float:
    """The most that a job may cost, in US dollars: as :class:`Asker` reserves it before each question."""
    return times * sum(most(known, sample.prompt, job.most_tokens(sample)) for sample in job.samples)


def _spent(manifest: Manifest, journal: Journal) -> float:
    """What the run's earlier sessions paid, in US dollars."""
    answers = [record.answer for record in journal.records.values() if record.answer]
    judged = sum(session.usage.get("judge", {}).get("cost_usd", 0.0) for session in manifest.sessions)
    if not manifest.prices:
        return judged
    tokens = sum(each.prompt_tokens for each in answers), sum(each.answer_tokens for each in answers)
    return judged + manifest.prices.of(*tokens)
