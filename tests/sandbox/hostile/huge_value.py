# Returns a value so large that whoever compares it breaks.
def solve(n):
    return list(range(30_000_000))
