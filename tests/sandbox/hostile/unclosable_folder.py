# Leaves a deep folder behind that nobody may enter.
import os

os.makedirs("a/b/c")
open("a/b/c/file", "w").close()
os.chmod("a/b", 0)
os.chmod("a", 0)


def solve(n):
    return -1
