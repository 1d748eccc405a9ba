# Takes all the memory there is.
blocks = []
while True:
    blocks.append(bytearray(1 << 27))
