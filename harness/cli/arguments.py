"""The parser of every command: argparse, with errors in the project's two lines.

argparse and not a richer library, because ``evaluate --help`` must feel instant: importing it costs a tenth of what
importing those costs (scripts/perf/startup.py).
"""

import argparse
import difflib
import sys
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """An argument parser without abbreviations, that suggests the option that was meant."""

    def __init__(self, prog: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.add_argument("--debug", action="store_true", help="show the traceback of an error")

    def error(self, message: str) -> NoReturn:
        """Ends with exit code 2: one line on what is wrong, one on how to mend it."""
        mend = f"see: {self.prog} --help"
        wrong = next((word for word in message.split() if word.startswith("--")), "")
        near = difflib.get_close_matches(wrong.partition("=")[0], self._option_string_actions, n=1)
        if message.startswith("unrecognized") and near:
            mend = f"did you mean {near[0]}? {mend}"
        print(f"error: {message}", f"  mend: {mend}", sep="\n", file=sys.stderr)
        raise SystemExit(2)
