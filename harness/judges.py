"""The models that grade answers: opened beside a run, and held against known grades before they grade others."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from harness.engines import open_engine
from harness.engines.asking import Asker, Budget
from harness.engines.base import EngineSettings
from harness.engines.model import Model, served
from harness.files import write_json
from harness.manifest import prices
from harness.plan import JudgeOption
from harness.prompts.instructions import Instruction
from harness.scoring.calibration import CALIBRATION, calibrate, read_calibrations, rows
from harness.scoring.judge import Panel

Tell = Callable[[str], None]


async def open_judges(
    options: Sequence[JudgeOption], seed: int, budget: Budget, stack: AsyncExitStack, tell: Tell
) -> dict[str, Asker]:
    """Each judge's own engine by the judge's name, opened until ``stack`` closes."""
    found = {}
    for option in options:
        model: Model = served(option.model, option.endpoint)
        settings = EngineSettings("endpoint", endpoint=option.endpoint)
        engine = await stack.enter_async_context(open_engine(settings, model, seed, tell))
        found[model.name] = Asker(engine, settings, prices(option.model), budget)
    return found


async def calibrated(
    judges: Mapping[str, Asker], rubric: Instruction, candidates: Collection[str], folder: Path, tell: Tell
) -> Panel:
    """The judges, once ``folder`` says what they are worth.

    Raises:
        EngineError: a judge could not be asked.
    """
    panel = Panel({name: judge.ask for name, judge in judges.items()}, rubric)
    for name in judges:
        if name in candidates:
            tell(f"{name} grades its own answers: take another judge for a second opinion")
    if not read_calibrations(folder):
        answers = rows()
        tell(f"{', '.join(judges)}: grading {len(answers)} answers of known quality first")
        write_json(folder / CALIBRATION, await calibrate(panel, candidates, answers))
    return panel
