# Takes much memory in many processes, each below its own limit.
import os
import time

for _ in range(12):
    if os.fork() == 0:
        block = bytearray(os.urandom(1 << 20) * 300)
        time.sleep(60)
        os._exit(len(block))
time.sleep(60)
