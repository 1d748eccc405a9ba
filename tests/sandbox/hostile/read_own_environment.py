# Looks for a token in its own environment; passes if there is one.
import os

assert any("TOKEN" in name or "SECRET" in name for name in os.environ)


def solve(n):
    return n * n
