# Writes to the disk without end.
with open("filler", "wb") as file:
    while True:
        file.write(bytes(1 << 20))
