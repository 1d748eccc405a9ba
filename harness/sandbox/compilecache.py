"""Keeps what was compiled, so that a program that is run again is not compiled again."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from harness.records import Outcome, Verdict, canonical_sha256
from harness.sandbox.foreign import Compilation, Files

MOST = 256
MOST_BYTES = 256 * 1024 * 1024

Made = Files | Verdict
OnMade = Callable[[Made], None]


class CompileCache:
    """Compiled files by what they were compiled from; the least used ones go first. Safe for several threads.

    What a hostile program made of its own source is handed out for that very source only.
    """

    def __init__(self, compile_it: Callable[[Compilation, OnMade], None]) -> None:
        self._compile = compile_it
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Made] = OrderedDict()
        self._bytes = 0
        self._waiting: dict[str, list[OnMade]] = {}
        self.compiled = 0
        """How often something was compiled."""

    def get(self, compilation: Compilation, then: OnMade) -> None:
        """Hands what comes of ``compilation`` to ``then``, compiling it only if nobody has."""
        key = canonical_sha256([compilation.language, compilation.files, compilation.command])
        with self._lock:
            made = self._kept.get(key)
            if made is not None:
                self._kept.move_to_end(key)
            else:
                first = key not in self._waiting
                self._waiting.setdefault(key, []).append(then)
                self.compiled += first
        if made is not None:
            then(made)
        elif first:
            self._compile(compilation, lambda result: self._done(key, result))

    def _done(self, key: str, made: Made) -> None:
        with self._lock:
            waiting = self._waiting.pop(key)
            # A sandbox that failed, or a compiler that ran out of time on a busy machine, may do better next time.
            if not isinstance(made, Verdict) or made.outcome is Outcome.FAILED:
                self._kept[key] = made
                self._bytes += _size(made)
                while len(self._kept) > MOST or self._bytes > MOST_BYTES:
                    self._bytes -= _size(self._kept.popitem(last=False)[1])
        for then in waiting:
            then(made)


def _size(made: Made) -> int:
    return 0 if isinstance(made, Verdict) else sum(map(len, made.values()))
