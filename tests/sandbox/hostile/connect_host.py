# Connects to a server on this host; passes if it gets through.
import socket

socket.create_connection(("127.0.0.1", PORT), 2)


def solve(n):
    return n * n
