# Returns and prints text that no file can hold.
print("\udcff")


def solve(n):
    return "\ud800"
