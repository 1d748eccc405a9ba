# Makes files without end.
number = 0
while True:
    open(f"file-{number}", "w").write("x" * 5000)
    number += 1
