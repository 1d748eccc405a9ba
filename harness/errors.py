"""What can go wrong on purpose: every error says what is wrong, how to mend it, and which exit code it ends with.

HarnessError                 1  a bug, unless a subclass says otherwise
├── UsageError               2  the command asks for something that cannot be
│   ├── UnknownNameError     2  a name the catalog does not have
│   ├── DataError            2  a data file is malformed, or not the one its fingerprint says
│   ├── ModelError           2  the model cannot be loaded from where it was said to be
│   ├── NotInstalledError    2  a package of an extra is needed and not there
│   ├── NoLogProbabilitiesError 2  the server tells none, and multiple choice needs them
│   ├── OutputError          2  the run folder cannot be written, or another run holds it
│   ├── GroundTruthError     2  too few of a benchmark's own solutions pass in its environment
│   └── SandboxError         2  this machine offers no isolation for model-written programs
├── ScreeningError           4  the model is unsafe, or forbidden by policy; no engine was started
├── UnavailableError         3  data or weights that are neither here nor reachable
├── CostLimitError           3  the next question might cost more than the run's limit; what was answered stays
├── EngineDownError          3  every request fails, or the server cannot be kept running; what was answered stays
│   └── ServerError          3  a server of ours did not start; its last lines are shown
├── JournalError             3  records could not be written (a full disk); what was written stays
└── EngineError              3  the engine failed on one prompt; retried, then recorded as infra_error
    ├── RefusedError         3  the server understands the question and will not answer it
    ├── JudgeError           3  a judge's reply, even when asked again, has no grades
    └── PromptTooLongError      prompt and answer do not fit the context; recorded as no_answer, never retried
"""

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pydantic import ValidationError


class HarnessError(Exception):
    """The root: ``message`` says what is wrong, ``mend`` how to mend it (one line each)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


class UsageError(HarnessError):
    """The command asks for something that cannot be."""

    exit_code = 2


class UnknownNameError(UsageError):
    """``kind`` (model, feature, ...) has no entry called ``name``; suggests the nearest of ``known``."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        mend = f'did you mean "{near[0]}"? ' if near else ""
        super().__init__(f'unknown {kind} "{name}"', f"{mend}known: {', '.join(names) or 'none'}")


class DataError(UsageError):
    """A data file is malformed, or not the one its fingerprint says."""


class ModelError(UsageError):
    """The model cannot be loaded from where it was said to be."""


class NotInstalledError(UsageError):
    """``what`` needs ``package``, which comes with the extra ``extra``."""

    def __init__(self, what: str, package: str | None, extra: str) -> None:
        super().__init__(
            f"{what} needs {package}, which is not installed", f'pip install "duo-model-evaluation[{extra}]"'
        )


class NoLogProbabilitiesError(UsageError):
    """The server at ``url`` tells no log-probabilities (``why``)."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            f"{url} tells no log-probabilities of options: {why}",
            "add --choices generated to let the model answer with a letter; the table then says so",
        )


class OutputError(UsageError):
    """The run folder cannot be written, or another run holds it."""


class SandboxError(UsageError):
    """This machine offers no isolation for model-written programs."""


class GroundTruthError(UsageError):
    """Too few of a benchmark's own solutions pass in the environment at hand."""


class ScreeningError(HarnessError):
    """The model is unsafe, or forbidden by policy; ``log`` holds each reason."""

    exit_code = 4

    def __init__(self, message: str, mend: str, log: tuple[str, ...]) -> None:
        super().__init__(message, mend)
        self.log = log


class UnavailableError(HarnessError):
    """Data or weights that are neither on this machine nor reachable from it."""

    exit_code = 3


class JournalError(HarnessError):
    """Records could not be written; those written before stay."""

    exit_code = 3


class CostLimitError(HarnessError):
    """The next question might cost more than what is left of the run's limit; what was answered stays."""

    exit_code = 3


class EngineDownError(HarnessError):
    """Every request fails, or the server cannot be kept running; what was answered stays."""

    exit_code = 3


class ServerError(EngineDownError):
    """A server of ours did not start; ``log`` holds its last lines."""

    def __init__(self, message: str, mend: str, log: tuple[str, ...]) -> None:
        super().__init__(message, mend)
        self.log = log


class EngineError(HarnessError):
    """The engine failed on one prompt, for a reason that may pass."""

    exit_code = 3


class RefusedError(EngineError):
    """The server understands the question and will not answer it as it is."""


class JudgeError(EngineError):
    """A judge's reply, even when asked again, has not the form that was asked for."""


class PromptTooLongError(EngineError):
    """Prompt and answer together do not fit the model's context."""


def first_line(error: Exception) -> str:
    """What a library's error says, in one line: its text's first, or its class where it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def first_fault(error: "ValidationError", whole: str) -> str:
    """The first field that is wrong and why; ``whole`` names the value where it is wrong as a whole."""
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc'])) or whole}: {fault['msg']}"
