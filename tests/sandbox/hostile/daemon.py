# Leaves a process behind that has left its session and ignores signals.
import os
import signal
import time

if os.fork() == 0:
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        while True:
            time.sleep(1)
    os._exit(0)


def solve(n):
    return -1
