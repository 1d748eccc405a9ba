# Reads a file of the host; passes if it is let.
open(SECRET).read()


def solve(n):
    return n * n
