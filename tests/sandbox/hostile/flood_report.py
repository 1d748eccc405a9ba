# Writes to every descriptor without end.
import os

while True:
    for descriptor in range(3, 1024):
        try:
            os.write(descriptor, b"x" * 65536)
        except OSError:
            pass
