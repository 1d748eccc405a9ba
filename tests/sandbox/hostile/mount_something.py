# Mounts a file system; passes if it is let.
import ctypes

assert ctypes.CDLL(None).mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0


def solve(n):
    return n * n
