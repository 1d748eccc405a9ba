# Leaves a listening socket behind, in a process of its own.
import os
import socket
import time

handle = socket.socket()
handle.bind(("127.0.0.1", 0))
handle.listen()
if os.fork() == 0:
    time.sleep(600)


def solve(n):
    return -1
